"""Who somebody is here who signed in at an identity provider."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry, Environment, Identity, Role, User
from accounts.people.invitation_mail import send_due
from accounts.people.invitations import accept_as, invite
from tests.people import People
from tests.portal_site import browser, shown
from tests.single_sign_on import answer_of, asked_by, give_factor, is_refused, leave, sign_on
from tests.vendors.identity_provider import KnobbedProvider

ADDRESS = "ida@example.com"


def known(name: str = "ida", **changed: Any) -> User:
    """Make a person who has shown that Ida's address is theirs."""
    return User.objects.create_user(name, **{"email": ADDRESS, "verified_email": ADDRESS, **changed})


def restrict(settings: Settings, acme: KnobbedProvider, **changed: object) -> None:
    """Configure the provider otherwise."""
    settings.OIDC_PROVIDERS = (acme.provider(**changed),)


class TestTheFirstTime:
    """Nobody has signed in with the identity yet."""

    @pytest.mark.parametrize("address", [ADDRESS, "IDA@Example.COM"])
    def test_a_person_who_has_shown_the_same_address_is_found(self, acme: KnobbedProvider, address: str) -> None:
        ida = known(email=address, verified_email=address)
        client = Client()
        sign_on(client, acme)
        assert Identity.objects.get().user == ida == User.objects.get()
        assert client.session["_auth_user_id"] == str(ida.pk)

    @pytest.mark.parametrize(
        ("email", "verified"),
        [(ADDRESS, ""), ("new@example.com", ADDRESS), (ADDRESS, "old@example.com")],
        ids=["typed in the profile", "changed since", "never shown"],
    )
    def test_an_address_that_anybody_could_have_typed_is_nobody(
        self, acme: KnobbedProvider, email: str, verified: str
    ) -> None:
        other = known("mallory", email=email, verified_email=verified)
        sign_on(Client(), acme)
        assert Identity.objects.get().user != other
        assert User.objects.count() == 2

    @pytest.mark.parametrize("verified", [False, None, "true", 1])
    def test_an_unverified_address_is_no_address(self, acme: KnobbedProvider, verified: object) -> None:
        ida = known()
        acme.people["ida"]["email_verified"] = verified
        sign_on(Client(), acme)
        made = Identity.objects.get().user
        assert made != ida
        assert (made.email, made.username[:5]) == ("", "acme-")

    def test_an_address_of_the_id_token_is_not_verified_by_what_userinfo_says_of_another(
        self, acme: KnobbedProvider
    ) -> None:
        boss = known("boss", email="boss@example.com", verified_email="boss@example.com")
        acme.changed = {"email": "boss@example.com", "email_verified": None}
        sign_on(Client(), acme)
        made = Identity.objects.get().user
        assert made != boss
        assert made.email == ADDRESS

    @pytest.mark.parametrize("rights", ["is_staff", "is_superuser"])
    def test_who_may_do_more_than_others_is_not_found_by_an_address(self, acme: KnobbedProvider, rights: str) -> None:
        ida = known()
        setattr(ida, rights, True)
        ida.save()
        sign_on(Client(), acme)
        assert Identity.objects.get().user != ida

    def test_of_two_with_the_same_address_it_is_neither(self, acme: KnobbedProvider) -> None:
        known("one")
        known("two")
        sign_on(Client(), acme)
        assert Identity.objects.get().user.username == ADDRESS

    def test_an_address_that_was_given_to_somebody_else_there_opens_nothing(
        self, acme: KnobbedProvider, settings: Settings
    ) -> None:
        sign_on(Client(), acme)
        acme.people["heir"] = {**acme.people["ida"]}
        client = Client()
        assert is_refused(client, sign_on(client, acme, "heir"), "is connected with another account of Acme already")
        assert Identity.objects.get().subject == "ida"

    def test_a_name_that_is_taken_is_not_taken_over(self, acme: KnobbedProvider) -> None:
        other = User.objects.create_user("IDA@example.com")
        sign_on(Client(), acme)
        made = Identity.objects.get().user
        assert made != other
        assert made.username.startswith("ida@example.com-")

    def test_nobody_is_made_unless_the_setting_says_so(self, acme: KnobbedProvider, settings: Settings) -> None:
        restrict(settings, acme, create_people=False)
        client = Client()
        assert is_refused(client, sign_on(client, acme), "nobody here is connected with you there")
        assert not User.objects.exists()

    def test_who_is_invited_by_mail_is_made_and_still_has_to_accept(
        self, acme: KnobbedProvider, settings: Settings, people: People
    ) -> None:
        restrict(settings, acme, create_people=False, roles=())
        invite(people.elsewhere, people.outsider, role=Role.VIEWER, email="Ida@example.com")
        sign_on(Client(), acme)
        assert not Identity.objects.get().user.memberships.exists()

    def test_only_addresses_of_the_named_domains_are_let_in(self, acme: KnobbedProvider, settings: Settings) -> None:
        restrict(settings, acme, email_domains=("Example.com",))
        assert sign_on(Client(), acme).status_code == 302
        acme.people["ida"]["email"] = "ida@example.com.evil.example"
        client = Client()
        assert is_refused(client, sign_on(client, acme), "vouches for no address of yours that may sign in here")
        acme.people["ida"] |= {"email": ADDRESS, "email_verified": False}
        assert is_refused(client, sign_on(client, acme), "vouches for no address")


class TestLater:
    """The identity is known."""

    def test_who_is_deactivated_is_not_let_in(self, acme: KnobbedProvider) -> None:
        sign_on(Client(), acme)
        User.objects.update(is_active=False)
        client = Client()
        assert is_refused(client, sign_on(client, acme), "here you are deactivated")

    def test_who_is_deactivated_is_not_connected_either(self, acme: KnobbedProvider) -> None:
        known(is_active=False)
        client = Client()
        assert is_refused(client, sign_on(client, acme), "here you are deactivated")
        assert not Identity.objects.exists()


def test_accepting_a_mailed_invitation_shows_that_the_address_is_ones_own(
    people: People, settings: Settings, mailoutbox: list[mail.EmailMessage]
) -> None:
    settings.MAIL_ENABLED = True
    User.objects.filter(pk=people.owner.pk).update(email=ADDRESS)
    people.owner.refresh_from_db()
    invite(people.elsewhere, people.outsider, role=Role.VIEWER, email=ADDRESS)
    send_due()
    token = str(mailoutbox[0].body).partition("/invitations/")[2].split()[0]
    accept_as(token, people.owner)
    people.owner.refresh_from_db()
    assert people.owner.verified_email == ADDRESS


class TestConnecting:
    """Who is signed in adds an identity in the profile."""

    @pytest.fixture
    def ana(self, people: People) -> Client:
        return browser(people.owner)

    def connect(self, client: Client, acme: KnobbedProvider, subject: str = "ida") -> str:
        """Follow the link of the page; return where the answer leads."""
        page = client.post("/profile/identities/acme/connect")
        address = page.context["to"]
        assert address.startswith(f"{acme.issuer}/authorize?")
        assert address.replace("&", "&amp;") in page.content.decode()
        response = client.get(answer_of(acme, asked_by(address), subject))
        return str(response.headers.get("Location", shown(response)))

    def test_an_identity_is_added_and_taken_away(
        self, ana: Client, acme: KnobbedProvider, people: People, environment: Environment
    ) -> None:
        assert "Connect Acme" in shown(ana.get("/profile"))
        assert self.connect(ana, acme) == "/profile"
        assert "Acme as ida@example.com" in shown(ana.get("/profile"))
        assert Identity.objects.get().user == people.owner
        # The role that people gave stays as it is.
        assert people.owner.memberships.get().mapped_by == ""
        ana.post(f"/profile/identities/{Identity.objects.get().pk}/end")
        assert not Identity.objects.exists()
        assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
            "identity.connected",
            "identity.disconnected",
        ]

    def test_another_person_in_the_same_browser_gets_nothing(
        self, ana: Client, acme: KnobbedProvider, people: People
    ) -> None:
        address = ana.post("/profile/identities/acme/connect").context["to"]
        other = browser(people.outsider)
        other.cookies["signon"] = ana.cookies["signon"].value
        response = other.get(answer_of(acme, asked_by(address)))
        assert "no longer signed in as the person who began this" in shown(response)
        assert not Identity.objects.exists()

    def test_an_identity_of_somebody_else_stays_theirs(
        self, ana: Client, acme: KnobbedProvider, people: People
    ) -> None:
        sign_on(Client(), acme)
        assert "Somebody else here signs in with this account" in self.connect(ana, acme)
        assert Identity.objects.get().user != people.owner

    def test_only_ones_own_is_taken_away(self, ana: Client, acme: KnobbedProvider) -> None:
        sign_on(Client(), acme)
        assert ana.post(f"/profile/identities/{Identity.objects.get().pk}/end").status_code == 404

    def test_the_only_way_to_sign_in_stays(self, acme: KnobbedProvider) -> None:
        client = Client()
        sign_on(client, acme)
        client.post(f"/profile/identities/{Identity.objects.get().pk}/end")
        assert "your only way to sign in" in shown(client.get("/profile"))
        assert Identity.objects.exists()

    def test_connecting_takes_a_post_of_somebody_signed_in(self, ana: Client, acme: KnobbedProvider) -> None:
        assert ana.get("/profile/identities/acme/connect").status_code == 405
        assert Client().post("/profile/identities/acme/connect").headers["Location"].startswith("/sign-in?")


def test_who_has_no_password_confirms_by_signing_in_again(acme: KnobbedProvider) -> None:
    client = Client()
    asked = leave(client, "?again=1&next=/profile")
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    acme.changed = {"auth_time": 1_000_000_000}
    assert is_refused(client, client.get(answer_of(acme, asked)), "did not ask you to sign in anew")
    acme.changed = {}
    assert client.get(answer_of(acme, leave(client, "?again=1&next=/profile"))).headers["Location"] == "/profile"
    give_factor(User.objects.get())


class TestInTheAdmin:
    """Superusers say whose an address is, and disconnect."""

    def test_disconnecting_takes_the_roles_away(
        self, acme: KnobbedProvider, environment: Environment, people: People
    ) -> None:
        sign_on(Client(), acme)
        assert environment.memberships.filter(mapped_by="acme").exists()
        admin = browser(User.objects.create_superuser("root", password="root-pass-1"))
        page = f"/admin/accounts/identity/{Identity.objects.get().pk}"
        assert "ida@example.com" in shown(admin.get(f"{page}/change/"))
        assert admin.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
        assert not Identity.objects.exists()
        assert not environment.memberships.filter(mapped_by="acme").exists()
        assert AuditEntry.objects.filter(action="identity.disconnected", actor="root").exists()

    def test_nobody_else_disconnects(self, acme: KnobbedProvider) -> None:
        sign_on(Client(), acme)
        staff = User.objects.create_user("sam", is_staff=True)
        staff.user_permissions.set(Permission.objects.filter(content_type__model="identity"))
        page = f"/admin/accounts/identity/{Identity.objects.get().pk}/delete/"
        assert browser(staff).post(page, {"post": "yes"}).status_code == 403

    def test_a_superuser_says_whose_an_address_is(self, acme: KnobbedProvider) -> None:
        admin = browser(User.objects.create_superuser("root", password="root-pass-1"))
        assert (
            'name="verified_email"'
            in admin.get(f"/admin/accounts/user/{User.objects.get().pk}/change/").content.decode()
        )
