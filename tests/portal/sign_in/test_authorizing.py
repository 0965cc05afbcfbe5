"""The consent page: who may allow what to whom, and where nobody is sent."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, IntegratedAccount, Membership, Role
from accounts.people.members import require_second_factor
from accounts.signing_in.reauthentication import RECENT
from mcpservers.lifecycle import change_server, pause_server
from mcpservers.models import AuthorizationCode, MCPServer, PersonConnection, RegisteredClient
from mcpservers.sign_in.addresses import address_of
from tests.people import People
from tests.portal_site import has_strict_policy, shown
from tests.sign_in import ALLOW, CALLBACK, Authorizing, answered, registered, sent_to, server_for_people
from tests.single_sign_on import give_factor

ISSUER = "http://127.0.0.1:8000/oauth"


@pytest.fixture
def server(account: IntegratedAccount) -> MCPServer:
    return server_for_people(account)


@pytest.fixture
def olga(server: MCPServer, people: People) -> Authorizing:
    """An operator, whom a client asks for `read write`."""
    return Authorizing(server, people.operator, scope="read write")


class TestThePage:
    """What a person reads before they decide."""

    def test_it_says_who_asks_for_what_and_where_its_name_comes_from(self, olga: Authorizing) -> None:
        page = olga.ask()
        text = shown(page)
        assert "Allow “A client”?" in text
        assert "nobody has verified it" in text
        assert "client.example" in text
        for named in ("Acme FuseDesk", "For people", "Production"):
            assert named in text
        assert "Reach a customer" in text

    def test_nothing_may_frame_it_or_run_in_it(self, olga: Authorizing) -> None:
        page = olga.ask()
        assert has_strict_policy(page)
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"
        assert "no-store" in page["Cache-Control"]

    def test_a_client_that_calls_itself_chatgpt_is_unverified(self, server: MCPServer, people: People) -> None:
        page = Authorizing(server, people.operator, registered(name="ChatGPT<script>")).ask()
        assert "nobody has verified it" in shown(page)
        assert b"<script>" not in page.content.split(b"<main", 1)[1]

    def test_looking_at_it_allows_nothing(self, olga: Authorizing) -> None:
        olga.ask()
        assert not PersonConnection.objects.exists()
        assert not AuthorizationCode.objects.exists()

    def test_a_form_of_another_site_allows_nothing(self, olga: Authorizing) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = olga.browser.cookies
        query = urlencode(olga.parameters())
        assert browser.post(f"/oauth/authorize?{query}", ALLOW).status_code == 403
        assert not PersonConnection.objects.exists()


class TestTheAnswer:
    """What the client gets."""

    def test_it_gets_a_code_its_state_and_the_issuer(self, olga: Authorizing) -> None:
        found = answered(olga.decide())
        assert found.keys() == {"code", "state", "iss"}
        assert (found["state"], found["iss"]) == ("of this browser", ISSUER)

    def test_a_form_leads_on_by_a_page_which_tells_no_site_where_it_was(self, olga: Authorizing) -> None:
        page = olga.decide()
        assert page.status_code == 200
        assert page["Referrer-Policy"] == "no-referrer"
        assert has_strict_policy(page)

    def test_a_refusal_says_so_to_the_client(self, olga: Authorizing) -> None:
        found = answered(olga.decide({"decision": "refuse"}))
        assert (found["error"], found["state"], found["iss"]) == ("access_denied", "of this browser", ISSUER)
        assert not PersonConnection.objects.exists()

    def test_what_was_allowed_is_not_asked_again(self, olga: Authorizing) -> None:
        olga.decide()
        again = olga.ask()
        assert again.status_code == 302
        assert "code" in answered(again)

    def test_after_signing_in_a_page_leads_on(self, olga: Authorizing) -> None:
        olga.decide()
        assert olga.ask(after_sign_in="1").status_code == 200

    def test_more_than_was_allowed_is_asked_for(self, server: MCPServer, people: People) -> None:
        flow = Authorizing(server, people.operator, scope="read")
        flow.decide()
        assert flow.ask(scope="read write").status_code == 200
        flow.decide(scope="read write")
        assert PersonConnection.objects.get().scopes == "read write"
        assert flow.ask(scope="read").status_code == 302

    def test_a_client_that_has_changed_is_asked_for_again(self, olga: Authorizing) -> None:
        olga.decide()
        RegisteredClient.objects.update(name="Renamed")
        assert "Allow “Renamed”?" in shown(olga.ask())

    def test_a_connection_that_has_ended_is_asked_for_again(self, olga: Authorizing) -> None:
        olga.decide({"decision": "allow", "days": "1"})
        assert PersonConnection.objects.filter(ends_at__gt=timezone.now() + timedelta(hours=23)).exists()
        PersonConnection.objects.update(ends_at=timezone.now())
        assert olga.ask().status_code == 200

    def test_a_client_that_has_changed_keeps_nothing_of_what_it_had(self, olga: Authorizing) -> None:
        olga.decide()
        RegisteredClient.objects.update(name="Another name")
        olga.decide(scope="read")
        assert PersonConnection.objects.get().scopes == "read"

    def test_after_its_account_was_moved_it_is_asked_for_again(self, olga: Authorizing, people: People) -> None:
        olga.decide()
        Membership.objects.create(environment=people.elsewhere, user=people.operator, role=Role.OPERATOR)
        IntegratedAccount.objects.filter(pk=olga.server.account_id).update(environment=people.elsewhere)
        assert olga.ask().status_code == 200
        assert olga.tokens()["scope"] == "read write"

    def test_it_is_in_the_audit_record(self, olga: Authorizing) -> None:
        olga.decide()
        entry = AuditEntry.objects.latest("pk")
        assert (entry.actor, entry.action) == ("olga", "connection.allowed")
        assert entry.details["scopes"] == ["read", "write"]
        assert entry.details["client"] == "A client"


class TestWho:
    """Members of the environment, within their role; the others are told whom to ask."""

    def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(self, server: MCPServer, db: None) -> None:
        response = Authorizing(server, None).ask()
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in?next=/oauth/authorize")
        bare = Client().get("/oauth/authorize")
        assert bare["Location"] == "/sign-in?next=/oauth/authorize%3Fafter_sign_in%3D1"

    def test_an_outsider_allows_nothing(self, server: MCPServer, people: People) -> None:
        flow = Authorizing(server, people.outsider)
        page = flow.ask()
        assert page.status_code == 403
        assert "does not belong to the environment" in shown(page)
        assert flow.decide().status_code == 403
        assert not PersonConnection.objects.exists()

    def test_a_removed_member_allows_nothing(self, olga: Authorizing, people: People) -> None:
        olga.decide()
        Membership.objects.filter(user=people.operator).delete()
        assert olga.ask().status_code == 403

    def test_a_viewer_allows_reading_alone(self, server: MCPServer, people: People) -> None:
        flow = Authorizing(server, people.teammate, scope="read write")
        assert "your role only reads" in shown(flow.ask())
        flow.decide({"decision": "allow", "access": "write"})
        assert PersonConnection.objects.get().scopes == "read"

    def test_whoever_chooses_reads_only_allows_no_more(self, olga: Authorizing) -> None:
        made = olga.tokens({"decision": "allow", "access": "read"})
        assert made["scope"] == "read"
        connection = PersonConnection.objects.get()
        assert (connection.scopes, connection.reads_only) == ("read", True)

    def test_a_role_that_shrank_grants_no_more_than_it_allows(self, olga: Authorizing, people: People) -> None:
        olga.decide()
        Membership.objects.filter(user=people.operator).update(role=Role.VIEWER)
        assert olga.exchange(answered(olga.ask())["code"]).json()["scope"] == "read"


class TestWhere:
    """Nobody is sent anywhere but to the client's own address."""

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/callback", "https://client.example/callback/", "https://client.example/callback?x=1",
            "https://client.example/callback#x", "http://client.example/callback", "https://client.example:8443/callback",
            "https://client.example@evil.example/callback", "https://client.example.evil.example/callback",
            "//evil.example", "javascript:alert(1)", "https://client.example/callback;x", "",
            "HTTPS://client.example/callback", "https://CLIENT.example/callback", "https://client.example:443/callback",
            "https://client.example./callback", "https://client.example//callback", "https://client.example/x/../callback",
            "https://client.example/call%62ack", "https://client.example\\.evil.example/callback", "https://[/callback",
            "https://client.example/\tcallback", " https://client.example/callback", "https://client.example/callback?",
        ],
    )  # fmt: skip
    def test_any_other_address_is_a_page(self, olga: Authorizing, uri: str) -> None:
        page = olga.ask(redirect_uri=uri)
        assert page.status_code == 400
        assert "cannot be answered" in shown(page)
        assert olga.decide(redirect_uri=uri).status_code == 400

    def test_an_unknown_client_is_a_page(self, olga: Authorizing) -> None:
        assert olga.ask(client_id="nobody").status_code == 400

    def test_a_program_on_the_persons_computer_may_listen_at_any_port(self, server: MCPServer, people: People) -> None:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            client_id = registered(f"http://{host}:1234/callback")
            flow = Authorizing(server, people.operator, client_id, f"http://{host}:4321/callback")
            assert sent_to(flow.decide()).startswith(f"http://{host}:4321/callback?")
            assert flow.ask(redirect_uri=f"http://{host}:4321/other").status_code == 400

    @pytest.mark.parametrize(
        "uri",
        [
            "http://127.0.0.1:99999/callback", "http://127.0.0.1:9/callback?x=1", "https://127.0.0.1:9/callback",
            "http://localhost:9/callback", "http://u@127.0.0.1:9/callback", "http://127.0.0.1:9/x/../callback",
            "http://127.0.0.1:9/\tcallback", "http://127.0.0.1.evil.example/callback", "http://127.1:9/callback",
        ],
    )  # fmt: skip
    def test_of_which_everything_else_is_equal(self, server: MCPServer, people: People, uri: str) -> None:
        flow = Authorizing(server, people.operator, registered("http://127.0.0.1:1/callback"), uri)
        assert flow.ask().status_code == 400

    def test_two_addresses_are_none(self, olga: Authorizing) -> None:
        query = f"{urlencode(olga.parameters())}&{urlencode({'redirect_uri': 'https://evil.example/'})}"
        assert olga.browser.get(f"/oauth/authorize?{query}").status_code == 400

    def test_a_body_changes_nothing_of_what_was_asked(self, olga: Authorizing) -> None:
        query = urlencode(olga.parameters(scope="read"))
        given = {**ALLOW, "redirect_uri": "https://evil.example/", "scope": "read write"}
        response = olga.browser.post(f"/oauth/authorize?{query}", given)
        assert response.status_code == 400 or urlsplit(sent_to(response)).hostname == "client.example"
        assert not PersonConnection.objects.filter(scopes__contains="write").exists()


class TestRefusals:
    """What is wrong with a request is told to the client, by the RFC's code."""

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"response_type": "token"}, "unauthorized_client"),
            ({"response_type": "id_token"}, "unsupported_response_type"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": "v" * 42}, "invalid_request"),
            ({"code_challenge": "v" * 500}, "invalid_request"),
            ({"code_challenge": "v" * 42 + "\x00"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": "s256"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"scope": "read admin"}, "invalid_scope"),
            ({"scope": "openid"}, "invalid_scope"),
            ({"resource": None}, "invalid_target"),
            ({"resource": "https://elsewhere.example/mcp"}, "invalid_target"),
            ({"resource": "http://127.0.0.1:8000/mcp/s/nothing"}, "invalid_target"),
        ],
    )
    def test_it_is_an_error_at_the_clients_address(
        self, olga: Authorizing, changed: dict[str, str | None], error: str
    ) -> None:
        response = olga.ask(**changed)
        assert sent_to(response).startswith(f"{CALLBACK}?")
        found = answered(response)
        assert (found["error"], found["state"], found["iss"]) == (error, "of this browser", ISSUER)
        olga.decide(None, **changed)
        assert not PersonConnection.objects.exists()

    def test_a_server_that_has_ended_or_has_a_url_is_no_target(
        self, olga: Authorizing, server: MCPServer, account: IntegratedAccount
    ) -> None:
        other = server_for_people(account, "Another")
        pause_server(other, "tests")
        assert answered(olga.ask(resource=address_of(other.pk)))["error"] == "invalid_target"
        change_server(server, "tests", authentication="url")
        assert answered(olga.ask())["error"] == "invalid_target"

    def test_two_resources_are_none(self, olga: Authorizing, account: IntegratedAccount) -> None:
        other = server_for_people(account, "Another")
        query = f"{urlencode(olga.parameters())}&{urlencode({'resource': address_of(other.pk)})}"
        assert answered(olga.browser.get(f"/oauth/authorize?{query}"))["error"] == "invalid_target"

    @pytest.mark.parametrize("name", ["state", "scope", "client_id", "redirect_uri", "response_type"])
    def test_a_parameter_that_comes_twice_is_a_page(self, olga: Authorizing, name: str) -> None:
        query = f"{urlencode(olga.parameters())}&{urlencode({name: olga.parameters()[name]})}"
        assert olga.browser.get(f"/oauth/authorize?{query}").status_code == 400

    def test_what_belongs_to_id_tokens_is_not_kept(self, olga: Authorizing) -> None:
        olga.decide(nonce="n" * 3000, claims="\x00")
        assert list(AuthorizationCode.objects.values_list("nonce", "claims")) == [("", "{}")]


def test_where_a_second_factor_is_taken_nobody_allows_anything_without(olga: Authorizing, people: People) -> None:
    require_second_factor(olga.server.account.environment, people.owner, True)
    for answer in (olga.ask(), olga.decide(ALLOW)):
        assert answer.status_code == 403
        assert "takes two-factor sign-in" in shown(answer)
        assert 'href="/profile/second-factor"' in answer.content.decode()
    assert not PersonConnection.objects.exists()
    give_factor(people.operator)
    assert "Allow “A client”?" in shown(olga.ask())


class TestAnOldSession:
    """Who allows something proves first who they are, if they last did so long ago."""

    @pytest.fixture
    def flow(self, olga: Authorizing, time_machine: Any) -> Authorizing:
        """An operator who signed in a quarter of an hour ago."""
        time_machine.move_to(timezone.now() + RECENT, tick=False)
        return olga

    def test_the_password_is_asked_for_before_anything_is_allowed(self, flow: Authorizing) -> None:
        asked = flow.decide({"decision": "allow", "access": "read", "days": "30"})
        assert asked.status_code == 422
        assert "Your password, please" in shown(asked)
        assert flow.decide({**ALLOW, "confirm_password": "guessed"}).status_code == 422
        assert not PersonConnection.objects.exists()

        kept = {"decision": "allow", "access": "read", "days": "30", "confirm_password": "olga-pass-1"}
        assert "code" in answered(flow.decide(kept))
        connection = PersonConnection.objects.get()
        assert (connection.scopes, connection.reads_only) == ("read", True)
        assert connection.ends_at == timezone.now() + timedelta(days=30)

    def test_the_page_carries_the_choices_along(self, flow: Authorizing) -> None:
        page = shown(flow.decide({"decision": "allow", "access": "read", "days": "30"}))
        for name, value in (("decision", "allow"), ("access", "read"), ("days", "30")):
            assert f'<input type="hidden" name="{name}" value="{value}">' in page

    def test_to_read_to_refuse_and_to_be_led_on_needs_none(self, flow: Authorizing, time_machine: Any) -> None:
        assert flow.ask().status_code == 200
        assert answered(flow.decide({"decision": "refuse"}))["error"] == "access_denied"
        flow.decide({**ALLOW, "confirm_password": "olga-pass-1"})
        time_machine.move_to(timezone.now() + RECENT, tick=False)
        assert "code" in answered(flow.ask())
