"""A form acts on the environment it was shown for, wherever its sender has come since."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.api_tokens.issue import issue_token
from accounts.models import (
    ApiToken,
    AuditEntry,
    Environment,
    IntegratedAccount,
    Integration,
    Invitation,
    Membership,
    Role,
    TokenKind,
)
from accounts.people.invitations import invite
from portal.urls import urlpatterns
from tests.fuse_desk import SIMULATOR_KEY
from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, shown_for
from tests.routes import routes

# What acts on a person, a session, the holder of a link or the server that a client names, and what is answered before
# Django.
OF_NO_ENVIRONMENT = (
    "sign-", "profile", "session-end", "choose-environment", "invitation", "activity-stream", "oauth-authorize",
)  # fmt: skip


def paths() -> list[str]:
    """Return the paths of portal pages that no account in the address puts into an environment.

    A page's twin with a trailing slash has no name.
    """
    pages = [each for each in routes(urlpatterns) if each.name and each.name != "api-docs" and each.path]
    kept = [each for each in pages if not each.name.startswith(OF_NO_ENVIRONMENT)]
    return [each.path for each in kept if "account_id" not in each.path]


def state() -> list[Any]:
    """Return everything that a form of the portal could have changed."""
    rows = (Membership, Invitation, ApiToken, Environment, IntegratedAccount, AuditEntry)
    return [sorted(map(str, model.objects.values_list())) for model in rows]


@pytest.fixture
def there(people: People) -> Client:
    """The browser of an admin of both environments, who came into Elsewhere."""
    Membership.objects.create(environment=people.elsewhere, user=people.owner, role=Role.ADMIN)
    client = browser(people.owner)
    client.post("/environment", {"environment": str(people.elsewhere.pk)})
    return client


def filled(path: str, rows: dict[str, Any]) -> str:
    """Return the address of a route with the rows of Elsewhere in it, so that only the form stands in the way."""
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(rows.get(found[1], uuid4())), path)


@pytest.fixture
def rows(people: People, integration: Integration) -> dict[str, Any]:
    """Rows of Elsewhere that addresses name."""
    token, _ = issue_token(people.elsewhere, people.outsider, name="t", role=Role.VIEWER, kind=TokenKind.SERVICE)
    return {
        "integration_name": integration.name,
        "token_id": token.pk,
        "invitation_id": invite(people.elsewhere, people.outsider, role=Role.VIEWER).invitation.pk,
        "membership_id": people.outsider.memberships.get().pk,
        "user_id": people.outsider.pk,
        "call_id": 1,
    }


@pytest.mark.parametrize("path", paths())
def test_no_form_acts_on_an_environment_that_it_was_not_shown_for(
    there: Client, environment: Environment, rows: dict[str, Any], path: str
) -> None:
    typed = {
        "name": "My desk", "field_app_name": "acme", "field_api_key": SIMULATOR_KEY, "base_url": "",
        "kind": "service", "role": "viewer", "ends": "30", "networks": "", "days": "7", "note": "", "email": "",
    }  # fmt: skip
    before = state()
    takes_forms = "POST" in there.options(filled(path, rows)).headers["Allow"]
    for shown in (str(environment.pk), None, "'\x01"):
        answer = there.post(filled(path, rows), {**typed, **({"shown_environment": shown} if shown else {})})
        assert answer.status_code == (409 if takes_forms else 405), shown
        assert state() == before, shown
        if takes_forms:
            words = answer.content.decode()
            assert "You are in <strong>Elsewhere</strong>" in words, shown
            assert "Nothing was done" in words, shown
            assert ("Go to Production" in words) is (shown == str(environment.pk)), shown
            assert SIMULATOR_KEY not in words, shown


def test_every_route_that_changes_an_environment_is_among_them() -> None:
    assert len(paths()) > 15
    assert {"people/invite", "api-tokens/issue", "accounts/connect/<slug:integration_name>"} <= set(paths())


def test_each_form_says_for_which_environment_it_is(there: Client, people: People, integration: Integration) -> None:
    token, _ = issue_token(people.elsewhere, people.owner, name="t", role=Role.VIEWER, kind=TokenKind.SERVICE)
    invite(people.elsewhere, people.outsider, role=Role.VIEWER)
    pages = (
        "/accounts/connect/fuse_desk",
        "/people",
        "/api-tokens",
        "/api-tokens/issue",
        f"/api-tokens/{token.pk}/revoke",
    )
    ours = re.compile(r'action="/(environment|sign-out)')
    for page in pages:
        for headers in ({}, {"HX-Request": "true"}):
            forms = re.findall(
                r'<form [^>]*method="post".*?</form>', as_read(there.get(page, headers=headers).content.decode()), re.S
            )
            bound = [each for each in forms if not ours.search(each)]
            assert bound
            assert all(f'name="shown_environment" value="{people.elsewhere.pk}"' in each for each in bound)


def test_a_form_of_the_present_environment_is_taken(there: Client, people: People, environment: Environment) -> None:
    there.post("/api-tokens/longest-life", {"days": "7", **shown_for(people.elsewhere)})
    people.elsewhere.refresh_from_db()
    environment.refresh_from_db()
    assert people.elsewhere.token_days_max == 7 != environment.token_days_max


def test_a_link_that_was_followed_meanwhile_takes_no_form_with_it(people: People, account: IntegratedAccount) -> None:
    Membership.objects.create(environment=account.environment, user=people.outsider, role=Role.ADMIN)
    client = browser(people.outsider)
    client.post("/environment", {"environment": str(people.elsewhere.pk)})
    client.get(f"/accounts/{account.pk}")
    answer = client.post("/people/invite", {"role": "admin", **shown_for(people.elsewhere)})
    assert answer.status_code == 409
    assert "Go to Elsewhere" in answer.content.decode()
    assert not Invitation.objects.exists()
    client.post("/environment", {"environment": str(people.elsewhere.pk)})
    client.post("/people/invite", {"role": "admin", **shown_for(people.elsewhere)})
    assert Invitation.objects.get().environment == people.elsewhere


@pytest.mark.parametrize("shown", [True, False], ids=["with its environment", "without"])
def test_who_was_removed_meanwhile_changes_no_other_environment(
    people: People, environment: Environment, shown: bool
) -> None:
    Membership.objects.create(environment=people.elsewhere, user=people.owner, role=Role.ADMIN)
    client = browser(people.owner)
    client.post("/environment", {"environment": str(environment.pk)})
    environment.memberships.filter(user=people.owner).delete()
    form = {"role": "admin", **(shown_for(environment) if shown else {})}
    answer = client.post("/people/invite", form)
    assert answer.status_code == 409
    assert "Production" not in answer.content.decode()
    assert not Invitation.objects.exists()
