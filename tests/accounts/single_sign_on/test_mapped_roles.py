"""Roles that groups at a provider give, and take away at the next sign-in."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.api_tokens.issue import issue_token
from accounts.models import AuditEntry, Environment, Membership, Role, TokenKind, User
from tests.people import People
from tests.portal_site import browser, shown, shown_for
from tests.single_sign_on import sign_on
from tests.vendors.identity_provider import KnobbedProvider


def roles() -> dict[str, str]:
    """Return Ida's roles by environment."""
    return dict(Membership.objects.filter(user__username="ida@example.com").values_list("environment__name", "role"))


def sign_on_with(acme: KnobbedProvider, *groups: str) -> None:
    """Sign Ida in as a member of these groups."""
    acme.people["ida"]["groups"] = list(groups)
    assert sign_on(Client(), acme).status_code == 302


def test_the_highest_role_counts(acme: KnobbedProvider, environment: Environment) -> None:
    sign_on_with(acme, "support", "support-admins", "others")
    assert roles() == {"Production": "admin"}


def test_roles_follow_the_groups_at_each_sign_in(acme: KnobbedProvider, environment: Environment) -> None:
    sign_on_with(acme, "support-admins")
    sign_on_with(acme, "support")
    assert roles() == {"Production": "operator"}
    sign_on_with(acme, "others")
    assert roles() == {}
    memberships = AuditEntry.objects.filter(action__startswith="membership.").order_by("pk")
    assert list(memberships.values_list("action", "actor")) == [
        (f"membership.{change}", "single sign-on (acme)") for change in ("added", "changed", "removed")
    ]


@pytest.mark.parametrize("claim", [None, "x", 7, {"support-admins": 1}, [["support-admins"]]])
def test_who_is_in_no_group_that_can_be_read_has_no_role(
    acme: KnobbedProvider, environment: Environment, claim: object
) -> None:
    sign_on_with(acme, "support")
    acme.people["ida"]["groups"] = claim
    sign_on(Client(), acme)
    assert roles() == {}


def test_tokens_end_with_the_role(acme: KnobbedProvider, environment: Environment) -> None:
    sign_on_with(acme, "support")
    ida = User.objects.get()
    token, _ = issue_token(environment, ida, name="t", role=Role.OPERATOR, kind=TokenKind.PERSONAL)
    sign_on_with(acme)
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_role_that_people_gave_stays_as_it_is(acme: KnobbedProvider, environment: Environment) -> None:
    sign_on_with(acme)
    Membership.objects.create(environment=environment, user=User.objects.get(), role=Role.VIEWER)
    sign_on_with(acme, "support-admins")
    assert roles() == {"Production": "viewer"}
    sign_on_with(acme)
    assert roles() == {"Production": "viewer"}


def test_a_role_of_another_provider_stays_too(
    acme: KnobbedProvider, environment: Environment, settings: Settings
) -> None:
    sign_on_with(acme, "support")
    Membership.objects.update(mapped_by="other")
    sign_on_with(acme)
    assert roles() == {"Production": "operator"}


def test_the_claim_may_have_another_name_and_one_group(
    acme: KnobbedProvider, environment: Environment, settings: Settings
) -> None:
    settings.OIDC_PROVIDERS = (acme.provider(groups_claim="https://acme.example/roles"),)
    acme.people["ida"]["https://acme.example/roles"] = "support"
    sign_on_with(acme, "support-admins")
    assert roles() == {"Production": "operator"}


def test_without_a_mapping_nobody_has_a_role_any_more(
    acme: KnobbedProvider, environment: Environment, settings: Settings
) -> None:
    sign_on_with(acme, "support")
    settings.OIDC_PROVIDERS = (acme.provider(roles=()),)
    sign_on_with(acme, "support")
    assert roles() == {}


class TestInThePortal:
    """What an admin can do with a member whose role comes from a group."""

    @pytest.fixture
    def membership(self, acme: KnobbedProvider, people: People) -> Membership:
        sign_on_with(acme, "support")
        return Membership.objects.get(user__username="ida@example.com")

    def test_the_role_is_not_changed(self, people: People, membership: Membership) -> None:
        client = browser(people.owner)
        client.post(f"/people/{membership.pk}/role", {"role": "viewer", **shown_for(membership.environment)})
        assert "by a group at acme" in shown(client.get("/people"))
        assert roles() == {"Production": "operator"}

    def test_it_is_taken_away_and_put_back_as_it_was(
        self, acme: KnobbedProvider, people: People, membership: Membership
    ) -> None:
        client = browser(people.owner)
        client.post(f"/people/{membership.pk}/remove", shown_for(membership.environment))
        assert roles() == {}
        client.post(f"/people/put-back/{membership.user_id}", shown_for(membership.environment))
        assert roles() == {"Production": "operator"}
        sign_on_with(acme)
        assert roles() == {}
