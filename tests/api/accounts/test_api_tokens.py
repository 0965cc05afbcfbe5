"""The management API of API tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.changes import Change, ChangeKind, subscribe
from accounts.models import ApiToken, AuditEntry, Environment, Role
from tests.conftest import People
from tests.rest import Rest, problem, reasons, token_of

TOKENS = "/api-token"


@pytest.fixture
def rest(admin_token: str) -> Rest:
    return Rest(admin_token)


def test_token_is_shown_once_and_only_its_digest_is_kept(rest: Rest) -> None:
    response = rest.post(TOKENS, {"name": "Reporting", "role": "viewer"})

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    made = response.json()
    value = made["token"]
    row = ApiToken.objects.get(pk=made["id"])
    assert bytes(row.digest) == tokens.digest(value)
    assert made["last_four"] == value[-4:]
    assert value not in rest.get(TOKENS).content.decode()
    assert not [field for field in ApiToken._meta.fields if str(getattr(row, field.attname)) == value]
    assert value not in str(list(AuditEntry.objects.values()))


def test_issued_token_opens_what_its_role_permits(rest: Rest) -> None:
    viewer = Rest(rest.post(TOKENS, {"name": "Reporting", "role": "viewer"}).json()["token"])
    assert viewer.get("/integrated-account").status_code == 200
    problem(viewer.get(TOKENS), 403)


def test_revoked_token_opens_nothing_and_is_announced(rest: Rest) -> None:
    heard: list[Change] = []
    subscribe(heard.append)
    made = rest.post(TOKENS, {"name": "Reporting", "role": "admin"}).json()
    revoked = Rest(made["token"])
    assert revoked.get(TOKENS).status_code == 200

    assert rest.delete(f"{TOKENS}/{made['id']}").status_code == 204

    problem(revoked.get(TOKENS), 401)
    problem(rest.delete(f"{TOKENS}/{made['id']}"), 404)
    assert [token["name"] for token in rest.get(TOKENS).json()["result"]] == ["automation"]
    assert AuditEntry.objects.filter(action__in=["api_token.issued", "api_token.revoked"]).count() == 2


@pytest.mark.django_db(transaction=True)
def test_revocation_is_announced_once_it_is_committed(rest: Rest) -> None:
    heard: list[Change] = []
    subscribe(heard.append)
    made = rest.post(TOKENS, {"name": "Reporting", "role": "admin"}).json()
    rest.delete(f"{TOKENS}/{made['id']}")
    assert (ChangeKind.TOKEN, made["id"]) in [(change.kind, str(change.id)) for change in heard]


def test_expired_token_opens_nothing(environment: Environment) -> None:
    value = token_of(environment)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused = Rest(value).get(TOKENS)
    assert "does not work" in problem(refused, 401)["detail"]
    assert refused["WWW-Authenticate"] == 'Bearer realm="Patchbay", error="invalid_token"'


def test_end_of_a_token_must_lie_ahead(rest: Rest) -> None:
    body = {"name": "Reporting", "role": "viewer"}
    past = (timezone.now() - timedelta(seconds=1)).isoformat()
    assert reasons(rest.post(TOKENS, {**body, "expires_at": past})).keys() == {"expires_at"}
    assert reasons(rest.post(TOKENS, {**body, "expires_at": "soon"})).keys() == {"expires_at"}
    ahead = (timezone.now() + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    assert rest.post(TOKENS, {**body, "expires_at": ahead}).json()["expires_at"] == ahead


def test_role_must_be_one_that_exists(rest: Rest) -> None:
    assert reasons(rest.post(TOKENS, {"name": "x", "role": "owner"})).keys() == {"role"}
    assert reasons(rest.post(TOKENS, {"name": "x"})).keys() == {"role"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_token_below_admin_neither_sees_nor_makes_nor_revokes_tokens(environment: Environment, role: Role) -> None:
    teammate = Rest(token_of(environment, role))
    row = ApiToken.objects.get()
    for response in (
        teammate.get(TOKENS),
        teammate.post(TOKENS, {"name": "x", "role": "viewer"}),
        teammate.delete(f"{TOKENS}/{row.pk}"),
    ):
        problem(response, 403)
    assert ApiToken.objects.get().revoked_at is None


def test_outsider_finds_no_token_of_this_environment(rest: Rest, people: People) -> None:
    outsider = Rest(token_of(people.elsewhere))
    mine = ApiToken.objects.get(name="automation")
    problem(outsider.delete(f"{TOKENS}/{mine.pk}"), 404)
    assert "automation" not in outsider.get(TOKENS).content.decode()
    mine.refresh_from_db()
    assert mine.revoked_at is None


def test_token_made_by_a_token_acts_for_the_person_behind_it_and_names_its_maker(
    environment: Environment, people: People
) -> None:
    row, value = ApiToken.objects.issue(environment=environment, name="ana's", role=Role.ADMIN, owner=people.owner)
    made = Rest(value).post(TOKENS, {"name": "x", "role": "viewer"}).json()
    assert (made["kind"], made["owner"], made["parent_id"]) == ("personal", "ana", str(row.pk))
    assert made["created_by"] == f"API token ana's (…{row.last_four})"


def test_token_made_by_a_service_token_is_one_too(rest: Rest) -> None:
    made = rest.post(TOKENS, {"name": "x", "role": "viewer"}).json()
    assert (made["kind"], made["owner"], made["present_role"]) == ("service", None, "viewer")


def test_every_path_answers_with_a_trailing_slash_too(rest: Rest) -> None:
    made = rest.post(f"{TOKENS}/", {"name": "x", "role": "viewer"})
    assert made.status_code == 201
    assert rest.get(f"{TOKENS}/").status_code == 200
    assert rest.delete(f"{TOKENS}/{made.json()['id']}/").status_code == 204
