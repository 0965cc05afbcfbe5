"""API tokens follow people: what a personal token opens at each moment, what falls with what, and what is noted."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from accounts.api_tokens.issue import issue_token, revoke_token
from accounts.api_tokens.recognition import MOST_GENERATIONS, find_api_token
from accounts.changes import ChangeKind
from accounts.models import ApiToken, AuditEntry, Environment, Membership, Role, TokenKind, User
from accounts.people.members import change_role, put_back_member, remove_member
from config.management.commands.demo import seed
from tests.admin_site import act, browser, page, superuser
from tests.hearing import hearing
from tests.pages import as_read
from tests.people import People
from tests.rest import Rest, problem, reasons

TOKENS = "/api-token"
ACCOUNTS = "/integrated-account"


def made_for(person: User, role: Role, environment: Environment) -> tuple[ApiToken, Rest]:
    row, value = issue_token(environment, person, name=f"{person}'s", role=role)
    return row, Rest(value)


def membership(person: User) -> Membership:
    return Membership.objects.select_related("user", "environment").get(user=person)


def another_admin(environment: Environment) -> User:
    person = User.objects.create_user("alma")
    Membership.objects.create(environment=environment, user=person, role=Role.ADMIN)
    return person


class TestOwner:
    """The lesser of the token's role and the owner's present one."""

    def test_a_token_may_less_from_the_moment_its_owner_does(self, people: People, environment: Environment) -> None:
        another_admin(environment)
        row, rest = made_for(people.owner, Role.ADMIN, environment)
        assert rest.get(TOKENS).status_code == 200

        change_role(membership(people.owner), "tests", Role.VIEWER)

        assert "role viewer" in problem(rest.get(TOKENS), 403)["detail"]
        assert rest.get(ACCOUNTS).status_code == 200
        entry = AuditEntry.objects.get(action="api_token.limited")
        assert entry.target_id == str(row.pk)
        assert entry.details == {"role": {"from": "admin", "to": "viewer"}, "why": "ana is viewer in Production"}

    def test_a_token_never_may_more_than_it_was_issued_for(self, people: People, environment: Environment) -> None:
        _, rest = made_for(people.teammate, Role.VIEWER, environment)
        change_role(membership(people.teammate), "tests", Role.ADMIN)
        problem(rest.get(TOKENS), 403)

    @pytest.mark.parametrize(
        "ends",
        [
            lambda person: Membership.objects.filter(user=person).delete(),
            lambda person: User.objects.filter(pk=person.pk).update(is_active=False),
            lambda person: person.delete(),
        ],
        ids=["removed", "deactivated", "deleted"],
    )
    def test_a_token_ends_with_membership_and_person_though_nobody_told(
        self, people: People, environment: Environment, ends: Callable[[User], Any]
    ) -> None:
        _, rest = made_for(people.owner, Role.ADMIN, environment)
        child = Rest(rest.post(TOKENS, {"name": "child", "role": "viewer"}).json()["token"])
        assert child.get(ACCOUNTS).status_code == 200
        ends(people.owner)
        for each in (rest, child):
            assert "does not work" in problem(each.get(ACCOUNTS), 401)["detail"]

    def test_one_persons_leaving_leaves_everybody_elses_tokens(self, people: People, environment: Environment) -> None:
        _, teammates = made_for(people.teammate, Role.VIEWER, environment)
        _, service_value = issue_token(environment, people.owner, name="s", role=Role.VIEWER, kind=TokenKind.SERVICE)
        remove_member(membership(people.operator), people.owner)
        assert teammates.get(ACCOUNTS).status_code == Rest(service_value).get(ACCOUNTS).status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_a_removal_ends_for_good_is_announced_and_says_who_and_why(
        self, people: People, environment: Environment
    ) -> None:
        row, rest = made_for(people.operator, Role.OPERATOR, environment)
        with hearing() as heard:
            remove_member(membership(people.operator), people.owner)
        assert any(change.kind is ChangeKind.TOKEN and change.may_be_of(row.pk) for change in heard)
        entry = AuditEntry.objects.get(action="api_token.ended")
        assert (entry.actor, entry.target_name) == ("ana", "olga's")
        assert entry.details["why"] == "olga, whom it acts for, does not belong to Production any more"
        put_back_member(environment, people.owner, people.operator.pk)
        problem(rest.get(ACCOUNTS), 401)

    def test_a_service_token_outlives_who_made_it_and_names_them(
        self, people: People, environment: Environment
    ) -> None:
        another_admin(environment)
        row, value = issue_token(environment, people.owner, name="CI", role=Role.ADMIN, kind=TokenKind.SERVICE)
        people.owner.delete()
        assert Rest(value).get(TOKENS).status_code == 200
        row.refresh_from_db()
        assert (row.owner, row.created_by) == (None, "ana")

    def test_a_superuser_who_does_not_belong_here_has_no_token_here(self, environment: Environment) -> None:
        _, value = ApiToken.objects.issue(environment=environment, name="x", role=Role.ADMIN, owner=superuser())
        problem(Rest(value).get(ACCOUNTS), 401)


class TestTwoAtOnce:
    """A token that is being made while its owner leaves does not stay behind."""

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("by_token", [False, True], ids=["by the person", "by a token of theirs"])
    def test_none_is_made_past_a_removal_and_lives_again_when_its_owner_is_back(
        self, people: People, environment: Environment, by_token: bool
    ) -> None:
        if connection.vendor == "sqlite":
            pytest.skip("needs PostgreSQL, since SQLite writes one transaction at a time: run make test-services")
        parent, _ = made_for(people.operator, Role.OPERATOR, environment)
        actor = parent if by_token else people.operator

        def make() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            with suppress(OperationalError):
                issue_token(environment, actor, name="late", role=Role.VIEWER)
            connections.close_all()

        with transaction.atomic():
            remove_member(membership(people.operator), people.owner)
            thread = threading.Thread(target=make)
            thread.start()
            thread.join(30)
        put_back_member(environment, people.owner, people.operator.pk)
        assert not ApiToken.objects.lasting().filter(owner=people.operator).exists()


class TestAdmin:
    """What the admin does to people and tokens reaches their tokens too."""

    def test_deactivating_and_deleting_people_ends_their_tokens(self, people: People, environment: Environment) -> None:
        root = browser(superuser())
        _, operators = made_for(people.operator, Role.OPERATOR, environment)
        assert root.post(page(people.operator, "delete"), {"post": "yes"}).status_code == 302
        problem(operators.get(ACCOUNTS), 401)
        entry = AuditEntry.objects.get(action="api_token.ended")
        assert (entry.actor, entry.details["why"]) == ("root", "olga, whom it acts for, is deleted")

    def test_a_membership_that_the_admin_takes_away_takes_the_tokens(
        self, people: People, environment: Environment
    ) -> None:
        _, operators = made_for(people.operator, Role.OPERATOR, environment)
        row = membership(people.operator)
        form = {
            "name": environment.name, "token_days_max": "30",
            "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1", "memberships-0-id": str(row.pk),
            "memberships-0-environment": str(environment.pk), "memberships-0-user": str(people.operator.pk),
            "memberships-0-role": "operator", "memberships-0-DELETE": "on",
        }  # fmt: skip
        assert browser(superuser()).post(page(environment), form).status_code == 302
        problem(operators.get(ACCOUNTS), 401)
        why = AuditEntry.objects.get(action="api_token.ended").details["why"]
        assert why == "olga, whom it acts for, does not belong to Production any more"
        changed = AuditEntry.objects.get(action="environment.changed")
        assert changed.details == {"API tokens live at most": {"from": 90, "to": 30}}

    def test_a_person_whom_the_admin_deactivates_has_no_token_and_no_session_left(
        self, people: People, environment: Environment
    ) -> None:
        row, operators = made_for(people.operator, Role.OPERATOR, environment)
        signed_in = browser(people.operator)
        assert signed_in.get("/profile").status_code == 200
        root = browser(superuser())
        form = {"username": "olga", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
        now = timezone.now()
        form |= {"date_joined_0": f"{now:%Y-%m-%d}", "date_joined_1": f"{now:%H:%M:%S}"}
        answer = root.post(page(people.operator), form)
        assert answer.status_code == 302, answer.content.decode()
        problem(operators.get(ACCOUNTS), 401)
        User.objects.filter(pk=people.operator.pk).update(is_active=True)
        problem(operators.get(ACCOUNTS), 401)
        assert signed_in.get("/profile").status_code == 302
        row.refresh_from_db()
        assert row.revoked_at is not None

    def test_deleting_a_token_takes_those_that_it_made(self, people: People, environment: Environment) -> None:
        row, rest = made_for(people.owner, Role.ADMIN, environment)
        child = rest.post(TOKENS, {"name": "child", "role": "viewer"}).json()
        root = browser(superuser())
        act(root, "revoke", row)
        problem(Rest(child["token"]).get(ACCOUNTS), 401)
        assert root.post(page(row, "delete"), {"post": "yes"}).status_code == 302
        assert not ApiToken.objects.exists()


class TestGenerations:
    """A token that a token makes is no wider, ends no later, and falls with it."""

    def test_all_generations_fall_with_the_first(self, people: People, environment: Environment) -> None:
        row, rest = made_for(people.owner, Role.ADMIN, environment)
        line = [rest]
        for number in range(1, MOST_GENERATIONS):
            line.append(Rest(line[-1].post(TOKENS, {"name": f"g{number}", "role": "admin"}).json()["token"]))
        body = reasons(line[-1].post(TOKENS, {"name": "too deep", "role": "viewer"}))
        assert "the last of 5" in body["body"]
        assert [each.get(ACCOUNTS).status_code for each in line] == [200] * MOST_GENERATIONS

        revoke_token(row, people.owner)

        for each in line:
            problem(each.get(ACCOUNTS), 401)
        whys = set(AuditEntry.objects.filter(action="api_token.ended").values_list("actor", "details__why"))
        assert whys == {("ana", f"ana's (…{row.last_four}) is revoked, which it comes from")}
        assert AuditEntry.objects.filter(action="api_token.ended").count() == MOST_GENERATIONS - 1

    @pytest.mark.parametrize("generation", [0, 1, 2])
    def test_a_generation_that_somebody_ended_in_the_database_takes_the_later_ones(
        self, people: People, environment: Environment, generation: int
    ) -> None:
        _, rest = made_for(people.owner, Role.ADMIN, environment)
        line = [rest]
        for _ in range(3):
            line.append(Rest(line[-1].post(TOKENS, {"name": "x", "role": "admin"}).json()["token"]))
        ApiToken.objects.filter(depth=generation).update(revoked_at=timezone.now())
        assert [each.get(ACCOUNTS).status_code for each in line] == [200] * generation + [401] * (4 - generation)

    def test_what_one_makes_is_no_wider(self, people: People, environment: Environment) -> None:
        ends = timezone.now() + timedelta(days=10)
        _, value = issue_token(
            environment, people.owner, name="p", role=Role.ADMIN, expires_at=ends, networks=["127.0.0.0/8", "::1"]
        )
        rest = Rest(value)
        later = (ends + timedelta(seconds=1)).isoformat()
        for wider, field in (
            ({"expires_at": later}, "expires_at"),
            ({"expires_at": None}, "expires_at"),
            ({"networks": ["0.0.0.0/0"]}, "networks"),
            ({"networks": ["126.0.0.0/7"]}, "networks"),
            ({"networks": ["::/0"]}, "networks"),
        ):
            assert reasons(rest.post(TOKENS, {"name": "x", "role": "viewer", **wider})).keys() == {field}
        made = rest.post(TOKENS, {"name": "x", "role": "viewer"}).json()
        assert made["networks"] == ["127.0.0.0/8", "::1/128"]
        assert made["expires_at"] == ends.isoformat().replace("+00:00", "Z")
        narrower = rest.post(TOKENS, {"name": "y", "role": "viewer", "networks": ["127.0.0.1"]}).json()
        assert narrower["networks"] == ["127.0.0.1/32"]

    def test_a_token_whose_owner_lost_a_role_hands_that_role_on_no_more(
        self, people: People, environment: Environment
    ) -> None:
        another_admin(environment)
        row, rest = made_for(people.owner, Role.ADMIN, environment)
        child = Rest(rest.post(TOKENS, {"name": "x", "role": "admin"}).json()["token"])
        change_role(membership(people.owner), "tests", Role.VIEWER)
        problem(child.get(TOKENS), 403)
        row.refresh_from_db()
        with pytest.raises(Exception, match="above your own role here, which is viewer"):
            issue_token(environment, row, name="y", role=Role.ADMIN)


class TestEnd:
    """Tokens end by default; the environment's admin says how late at most."""

    def test_a_token_of_which_nobody_says_when_ends_in_90_days(self, admin_token: str) -> None:
        made = Rest(admin_token).post(TOKENS, {"name": "x", "role": "viewer"}).json()
        row = ApiToken.objects.get(pk=made["id"])
        assert row.expires_at is not None
        assert row.expires_at - row.created_at == pytest.approx(timedelta(days=90), abs=timedelta(minutes=1))

    def test_longer_than_the_environment_allows_is_refused_with_words(self, admin_token: str) -> None:
        Environment.objects.update(token_days_max=7)
        rest, body = Rest(admin_token), {"name": "x", "role": "viewer"}
        for late in ((timezone.now() + timedelta(days=8)).isoformat(), "2999-01-01T00:00:00Z", None):
            assert "at most 7 days" in reasons(rest.post(TOKENS, {**body, "expires_at": late}))["expires_at"]
        row = ApiToken.objects.get(pk=rest.post(TOKENS, body).json()["id"])
        assert row.expires_at is not None
        assert row.expires_at - row.created_at == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))

    def test_without_an_end_only_where_the_environment_says_so(self, admin_token: str) -> None:
        Environment.objects.update(token_days_max=None)
        rest = Rest(admin_token)
        assert rest.post(TOKENS, {"name": "x", "role": "viewer", "expires_at": None}).json()["expires_at"] is None
        assert rest.post(TOKENS, {"name": "y", "role": "viewer"}).json()["expires_at"] is not None


class TestPortal:
    """Three people look, issue and revoke."""

    def test_members_see_and_revoke_their_own_and_admins_all(self, people: People, environment: Environment) -> None:
        mine, _ = made_for(people.teammate, Role.VIEWER, environment)
        other, _ = made_for(people.operator, Role.OPERATOR, environment)
        service, _ = issue_token(
            environment, people.owner, name="Continuous integration", role=Role.ADMIN, kind=TokenKind.SERVICE
        )
        seen = {
            person.username: {
                name
                for name in ("tim&#x27;s", "olga&#x27;s", "Continuous integration")
                if name in listed(browser(person))
            }
            for person in (people.owner, people.operator, people.teammate, people.outsider)
        }
        assert seen == {
            "ana": {"tim&#x27;s", "olga&#x27;s", "Continuous integration"},
            "olga": {"olga&#x27;s"},
            "tim": {"tim&#x27;s"},
            "max": set(),
        }
        tim = browser(people.teammate)
        for row in (other, service):
            assert tim.get(f"/api-tokens/{row.pk}/revoke").status_code == 404
            assert tim.post(f"/api-tokens/{row.pk}/revoke").status_code == 404
        assert tim.post(f"/api-tokens/{mine.pk}/revoke").status_code == 302
        assert browser(people.owner).post(f"/api-tokens/{other.pk}/revoke").status_code == 302
        assert set(ApiToken.objects.filter(revoked_at=None)) == {service}

    def test_a_member_makes_tokens_of_their_own_role_at_most_and_for_themselves(self, people: People) -> None:
        tim = browser(people.teammate)
        for form in ({"role": "operator"}, {"role": "viewer", "kind": "service"}):
            assert tim.post("/api-tokens/issue", {"name": "x", "ends": "30", **form}).status_code == 422
        assert not ApiToken.objects.exists()
        assert "is issued" in as_read(
            tim.post("/api-tokens/issue", {"name": "x", "ends": "30", "role": "viewer"}).content.decode()
        )
        row = ApiToken.objects.get()
        assert (row.kind, row.owner) == ("personal", people.teammate)

    def test_an_admin_makes_service_tokens_with_networks(self, people: People) -> None:
        ana, form = browser(people.owner), {"name": "CI", "role": "admin", "kind": "service", "ends": "90"}
        refused = ana.post("/api-tokens/issue", {**form, "networks": "10.0.0.1/8"})
        assert refused.status_code == 422
        assert "Give 10.0.0.0/8" in refused.content.decode()
        ana.post("/api-tokens/issue", {**form, "networks": "10.0.0.0/8, 2001:DB8::/32\n::ffff:192.0.2.7"})
        row = ApiToken.objects.get()
        assert (row.kind, row.owner, row.created_by) == ("service", None, "ana")
        assert row.networks == ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"]
        assert "10.0.0.0/8" in listed(ana)

    def test_the_admin_sets_how_long_tokens_live(self, people: People, environment: Environment) -> None:
        ana = browser(people.owner)
        assert 'value="365"' not in ana.get("/api-tokens/issue").content.decode()
        assert ana.post("/api-tokens/longest-life", {"days": "400"}).status_code == 302
        entry = AuditEntry.objects.get(action="environment.changed")
        assert entry.details == {"API tokens live at most (days)": {"from": 90, "to": 400}}
        assert 'value="365"' in ana.get("/api-tokens/issue").content.decode()
        for wrong in ("0", "-1", "3651", "1e3", "9" * 30):
            assert ana.post("/api-tokens/longest-life", {"days": wrong}).status_code == 422
        never = {"name": "x", "role": "viewer", "ends": ""}
        assert "at most 400 days" in ana.post("/api-tokens/issue", never).content.decode()
        ana.post("/api-tokens/longest-life", {"days": ""})
        ana.post("/api-tokens/issue", {"name": "usual", "role": "viewer"})
        assert ApiToken.objects.get(name="usual").expires_at is not None
        assert "is issued" in as_read(ana.post("/api-tokens/issue", never).content.decode())
        assert ApiToken.objects.get(name="x").expires_at is None

    def test_what_ends_soon_and_what_may_less_is_shown(self, people: People, environment: Environment) -> None:
        another_admin(environment)
        made_for(people.owner, Role.ADMIN, environment)
        ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=3))
        assert 'class="soon"' in listed(browser(people.owner))
        change_role(membership(people.owner), "tests", Role.OPERATOR)
        assert "(issued as admin)" in listed(browser(people.owner))


def listed(client: Client) -> str:
    return client.get("/api-tokens").content.decode()


@pytest.mark.django_db
def test_the_demo_makes_a_service_token(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    made = find_api_token(seed().api_token, "127.0.0.1")
    assert made is not None
    assert (made.kind, made.created_by, made.role) == (TokenKind.SERVICE, "the command demo", "admin")
