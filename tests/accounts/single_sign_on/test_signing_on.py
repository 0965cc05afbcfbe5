"""Signing in at an identity provider, there and back, and what is refused on the way."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.keyring import key_ring
from accounts.models import AuditEntry, Environment, Identity, IntegratedAccount, Session, User
from accounts.single_sign_on.attempts import CONTEXT
from mcpservers.models import PersonConnection
from tests.people import People
from tests.portal_site import browser, has_strict_policy, shown
from tests.sign_in import ALLOW, Authorizing, server_for_people
from tests.single_sign_on import answer_of, give_factor, is_refused, leave, sign_on
from tests.vendors.identity_provider import KnobbedProvider


class TestTheWay:
    """There and back, if all is well."""

    def test_the_sign_in_page_leads_there(self, acme: KnobbedProvider) -> None:
        page = Client().get("/sign-in?next=/people%3Fpage%3D2")
        assert has_strict_policy(page)
        assert 'href="/sign-in/with/acme?next=%2Fpeople%3Fpage%3D2"' in page.content.decode()
        assert "Sign in with Acme" in shown(page)

    def test_the_request_holds_what_the_standards_ask_for(self, acme: KnobbedProvider) -> None:
        one, other = leave(Client()), leave(Client())
        for fresh in ("state", "nonce", "code_challenge"):
            assert len(one[fresh]) >= 43
            assert one.pop(fresh) != other.pop(fresh)
        assert one == {
            "client_id": "patchbay",
            "response_type": "code",
            "redirect_uri": "http://testserver/sign-in/with/acme/answer",
            "scope": "openid email profile",
            "code_challenge_method": "S256",
        }

    def test_a_person_is_made_with_the_role_of_their_group(
        self, acme: KnobbedProvider, environment: Environment
    ) -> None:
        client = Client()
        assert sign_on(client, acme).headers["Location"] == "/accounts"
        ida = User.objects.get()
        assert (ida.username, ida.email, ida.first_name) == ("ida@example.com", "ida@example.com", "Ida")
        assert not ida.has_usable_password()
        assert list(ida.memberships.values_list("environment", "role", "mapped_by")) == [
            (environment.pk, "admin", "acme")
        ]
        assert list(AuditEntry.objects.order_by("pk").values_list("action", "actor")) == [
            (action, "single sign-on (acme)") for action in ("person.created", "identity.connected", "membership.added")
        ]
        assert client.get("/accounts").status_code == 200

    def test_the_same_person_comes_back_whatever_their_address_is_now(self, acme: KnobbedProvider) -> None:
        sign_on(Client(), acme)
        acme.people["ida"] |= {"email": "otto@example.com", "given_name": "Otto"}
        sign_on(Client(), acme)
        assert User.objects.get().username == "ida@example.com"
        assert Identity.objects.get().subject == "ida"

    def test_claims_that_the_id_token_lacks_come_from_userinfo(
        self, acme: KnobbedProvider, environment: Environment
    ) -> None:
        acme.changed = {"email": None, "email_verified": None, "groups": None}
        sign_on(Client(), acme)
        assert User.objects.get().email == "ida@example.com"
        assert environment.memberships.get().role == "admin"

    def test_the_page_that_was_asked_for_opens(self, acme: KnobbedProvider) -> None:
        query = "?" + urlencode({"next": "/accounts?q=acme"})
        assert sign_on(Client(), acme, query=query).headers["Location"] == "/accounts?q=acme"

    @pytest.mark.parametrize(
        "after", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
    )
    def test_another_site_is_never_where_it_leads(self, acme: KnobbedProvider, after: str) -> None:
        assert sign_on(Client(), acme, query="?" + urlencode({"next": after})).headers["Location"] == "/accounts"

    def test_the_session_is_a_new_one(self, acme: KnobbedProvider) -> None:
        client = Client()
        planted = client.session
        planted["planted"] = "x"
        planted.save()
        client.cookies["sessionid"] = str(planted.session_key)
        sign_on(client, acme)
        assert client.session.session_key != planted.session_key
        assert "planted" not in client.session
        assert Session.objects.count() == 1

    def test_a_session_that_was_planted_allows_nothing(self, acme: KnobbedProvider, account: IntegratedAccount) -> None:
        flow = Authorizing(server_for_people(account), None)
        planted = flow.browser.session
        planted.save()
        flow.browser.cookies["sessionid"] = str(planted.session_key)
        asked = urlsplit(flow.ask().headers["Location"]).query
        consent = sign_on(flow.browser, acme, query=f"?{asked}").headers["Location"]
        assert "Allow “A client”?" in shown(flow.browser.get(consent))
        attacker = Client()
        attacker.cookies["sessionid"] = str(planted.session_key)
        assert attacker.post(consent, ALLOW).headers["Location"].startswith("/sign-in?")
        assert not PersonConnection.objects.exists()

    def test_who_has_a_second_factor_gives_a_code_too(self, acme: KnobbedProvider) -> None:
        sign_on(Client(), acme)
        give_factor(User.objects.get())
        client = Client()
        assert sign_on(client, acme, query="?next=/people").headers["Location"] == "/sign-in/code?next=%2Fpeople"
        assert client.get("/accounts").status_code == 302

    def test_keys_that_were_replaced_are_asked_for_again(self, acme: KnobbedProvider, environment: Environment) -> None:
        sign_on(Client(), acme)
        acme.key = type(acme.key).generate_key(2048, {"kid": "next", "use": "sig"})
        with time_machine.travel(timezone.now() + timedelta(seconds=60)):
            assert sign_on(Client(), acme, "otto").status_code == 302
        assert acme.asked.count("/keys") == 2


class TestRefusals:
    """What signs nobody in."""

    def test_an_answer_is_refused_in_another_browser(self, acme: KnobbedProvider) -> None:
        began, other = Client(), Client()
        answer = answer_of(acme, leave(began))
        leave(other)
        assert is_refused(other, other.get(answer), "does not belong to a sign-in that was begun in this browser")
        assert is_refused(Client(), Client().get(answer), "does not belong")
        assert "/token" not in acme.asked

    def test_an_answer_for_another_provider_is_refused_before_its_code_is_sent(
        self, acme: KnobbedProvider, settings: Settings
    ) -> None:
        settings.OIDC_PROVIDERS = (acme.provider(), acme.provider(name="other", issuer="https://other.example"))
        client = Client()
        answer = answer_of(acme, leave(client))
        mixed = client.get(answer.replace("/with/acme/", "/with/other/"))
        assert is_refused(client, mixed, "does not belong to a sign-in")
        assert "/token" not in acme.asked

    def test_an_answer_is_taken_once_even_with_its_cookie(self, acme: KnobbedProvider) -> None:
        client = Client()
        answer = answer_of(acme, leave(client))
        cookie = client.cookies["signon"].value
        assert client.get(answer).status_code == 302
        assert client.cookies["signon"].value == ""
        again = Client()
        assert again.get(answer).status_code == 403
        again.cookies["signon"] = cookie
        replayed = again.get(answer)
        assert replayed.status_code == 403
        assert "did not accept its own answer" in shown(replayed)
        assert again.get("/accounts").status_code == 302

    def test_an_answer_is_too_late_after_ten_minutes(self, acme: KnobbedProvider) -> None:
        client = Client()
        answer = answer_of(acme, leave(client))
        with time_machine.travel(timezone.now() + timedelta(seconds=601)):
            assert is_refused(client, client.get(answer), "does not belong")

    @pytest.mark.parametrize("value", ["", "x", "k1.x", "k1." + "A" * 60, "é"])
    def test_a_cookie_that_is_not_ours_is_none(self, acme: KnobbedProvider, value: str) -> None:
        client = Client()
        answer = answer_of(acme, leave(client))
        client.cookies["signon"] = value
        assert is_refused(client, client.get(answer), "does not belong")

    def test_neither_is_one_of_another_release(self, acme: KnobbedProvider) -> None:
        client = Client()
        answer = answer_of(acme, leave(client))
        client.cookies["signon"] = key_ring().encrypt('{"provider": "acme", "later": 1}', context=CONTEXT)
        assert is_refused(client, client.get(answer), "does not belong")

    @pytest.mark.parametrize(
        "changed",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "another-client"},
            {"aud": ["patchbay", "another-client"], "azp": "another-client"},
            {"exp": 1_000_000_000},
            {"exp": None},
            {"exp": "soon"},
            {"iat": 4_000_000_000},
            {"sub": None},
            {"sub": 7},
            {"at_hash": "AAAA"},
        ],
        ids=str,
    )
    def test_an_id_token_with_wrong_claims_proves_nothing(self, acme: KnobbedProvider, changed: dict[str, Any]) -> None:
        acme.changed = changed
        client = Client()
        assert is_refused(client, sign_on(client, acme), "cannot be trusted: its ID token was refused")
        assert not Identity.objects.exists()

    @pytest.mark.parametrize("forged", ["another key", "the client's secret", "no key"])
    def test_an_id_token_that_the_provider_did_not_sign_proves_nothing(
        self, acme: KnobbedProvider, forged: str
    ) -> None:
        acme.forged_with = forged
        client = Client()
        assert is_refused(client, sign_on(client, acme), "cannot be trusted")

    @pytest.mark.parametrize("issuer", ["https://evil.example", ""])
    def test_an_answer_of_another_issuer_is_refused_before_its_code_is_sent(
        self, acme: KnobbedProvider, issuer: str
    ) -> None:
        client = Client()
        answer = answer_of(acme, leave(client)).partition("&iss=")[0] + (f"&iss={issuer}" if issuer else "")
        assert is_refused(client, client.get(answer), "did not come from Acme")
        assert "/token" not in acme.asked

    def test_metadata_of_another_issuer_are_refused(self, acme: KnobbedProvider) -> None:
        acme.changed_metadata = {"issuer": "https://evil.example"}
        client = Client()
        assert is_refused(client, client.get("/sign-in/with/acme"), "calls itself by another issuer")

    @pytest.mark.parametrize(
        "endpoint", ["http://192.168.0.1/token", "http://example.com/token", "file:///etc/passwd", "https://u:p@x/", 7]
    )
    def test_endpoints_that_may_not_be_called_are_refused(self, acme: KnobbedProvider, endpoint: object) -> None:
        acme.changed_metadata = {"token_endpoint": endpoint}
        client = Client()
        response = client.get("/sign-in/with/acme")
        if response.status_code == 302:  # an address of a private network is refused when it is called
            response = client.get(answer_of(acme, dict(leave(client))))
        assert response.status_code in {403, 502}
        assert client.get("/accounts").status_code == 302

    def test_a_private_address_is_not_asked(self, acme: KnobbedProvider, settings: Settings) -> None:
        settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
        client = Client()
        assert is_refused(client, client.get("/sign-in/with/acme"), "cannot be asked")
        assert acme.asked == []

    def test_a_provider_that_is_away_is_said_to_be(self, acme: KnobbedProvider, settings: Settings) -> None:
        with_nobody = acme.provider(issuer="http://127.0.0.1:9")
        settings.OIDC_PROVIDERS = (with_nobody,)
        client = Client()
        response = client.get("/sign-in/with/acme")
        assert response.status_code == 502
        assert is_refused(client, response, "could not be asked who you are")

    @pytest.mark.parametrize("path", ["/token", "/keys", "/userinfo"])
    def test_a_provider_that_fails_half_way_signs_nobody_in(self, acme: KnobbedProvider, path: str) -> None:
        acme.changed = {"email": None}
        acme.status = {path: 503}
        client = Client()
        assert is_refused(client, sign_on(client, acme), "Acme")

    @pytest.mark.parametrize("error", ["access_denied", "server_error", "<b>"])
    def test_a_refusal_there_is_told_in_our_words(self, acme: KnobbedProvider, error: str) -> None:
        client = Client()
        asked = leave(client)
        query = urlencode({"state": asked["state"], "error": error, "iss": acme.issuer, "error_description": "<i>x"})
        response = client.get(f"/sign-in/with/acme/answer?{query}")
        assert is_refused(client, response, "Acme")
        assert "<i>x" not in response.content.decode()

    @pytest.mark.parametrize("subject", ["", "x" * 256, "a\x00b", "a\nb"])
    def test_a_subject_that_cannot_be_kept_is_refused(self, acme: KnobbedProvider, subject: str) -> None:
        acme.changed = {"sub": subject}
        client = Client()
        assert is_refused(client, sign_on(client, acme), "You are not signed in")

    @pytest.mark.parametrize("auth_time", [1_000_000_000, -1e300, float("nan")])
    def test_a_proof_of_before_is_none(self, acme: KnobbedProvider, auth_time: float) -> None:
        acme.changed = {"auth_time": auth_time}
        client = Client()
        assert is_refused(client, sign_on(client, acme, query="?again=1"), "did not ask you to sign in anew")

    @pytest.mark.parametrize("code", ["", "\x00", "é" * 3000, "x&grant_type=password"])
    def test_any_code_is_only_a_code(self, acme: KnobbedProvider, code: str) -> None:
        client = Client()
        query = urlencode({"state": leave(client)["state"], "code": code, "iss": acme.issuer})
        assert is_refused(client, client.get(f"/sign-in/with/acme/answer?{query}"), "Acme")

    def test_codes_are_not_tried_without_end(self, acme: KnobbedProvider, settings: Settings) -> None:
        settings.SIGN_IN_ADDRESS_FAILURE_LIMIT = 3
        client = Client()
        asked = leave(client)
        cookie = client.cookies["signon"].value
        query = urlencode({"state": asked["state"], "code": "guessed", "iss": acme.issuer})
        statuses = []
        for _ in range(5):
            client.cookies["signon"] = cookie
            statuses.append(client.get(f"/sign-in/with/acme/answer?{query}").status_code)
        assert statuses == [403, 403, 403, 429, 429]
        assert acme.asked.count("/token") == 3

    def test_a_provider_that_is_away_locks_nobody_out(self, acme: KnobbedProvider, settings: Settings) -> None:
        settings.SIGN_IN_ADDRESS_FAILURE_LIMIT = 2
        acme.status = {"/token": 503}
        for _ in range(3):
            assert sign_on(Client(), acme).status_code == 502
        acme.status = {}
        assert sign_on(Client(), acme).status_code == 302

    def test_a_provider_that_is_not_configured_is_not_found(self, acme: KnobbedProvider) -> None:
        assert Client().get("/sign-in/with/other").status_code == 404
        assert Client().get("/sign-in/with/other/answer?state=x&code=y").status_code == 404

    def test_who_is_signed_in_goes_on(self, acme: KnobbedProvider, people: People) -> None:
        response = browser(people.owner).get("/sign-in/with/acme?next=https://evil.example/")
        assert response.headers["Location"] == "/accounts"
