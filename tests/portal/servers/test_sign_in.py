"""A server's authentication, chosen and changed in the portal and over REST."""

from typing import Any

import pytest

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from mcpservers.sign_in.addresses import address_of
from tests.people import People
from tests.portal_site import browser, shown
from tests.rest import Rest, reasons
from tests.sign_in import server_for_people

FORM = {"name": "For people", "access": "read_write", "ends": "", "authentication": "sign_in"}


def path(account: IntegratedAccount, rest: str) -> str:
    return f"/accounts/{account.pk}/mcp-servers/{rest}"


class TestPortal:
    """The create dialog and Edit."""

    def test_the_choice_is_in_plain_words(self, account: IntegratedAccount, people: People) -> None:
        text = shown(browser(people.operator).get(path(account, "create")))
        assert "A client needs" in text
        assert "its calls are made in their name" in text

    def test_a_new_server_shows_an_address_without_a_secret(self, account: IntegratedAccount, people: People) -> None:
        text = shown(browser(people.operator).post(path(account, "create"), FORM))
        server = MCPServer.objects.get()
        assert server.sign_in
        assert address_of(server.pk) in text
        assert "It holds no secret" in text
        assert "This is the only time" not in text
        assert "choose OAuth" in text.replace("<b>", "").replace("</b>", "")

    def test_the_servers_page_shows_it_again(self, account: IntegratedAccount, people: People) -> None:
        server = server_for_people(account)
        text = shown(browser(people.teammate).get(path(account, str(server.pk))))
        assert address_of(server.pk) in text
        assert "Rotate URL" not in text

    def test_switching_over_ends_the_url_and_says_so(self, account: IntegratedAccount, people: People) -> None:
        server, _ = create_server(account, "tests", name="For people", methods=[], tags=[])
        olga = browser(people.operator)
        response = olga.post(path(account, f"{server.pk}/edit"), FORM, follow=True)
        assert "its URL has ended" in shown(response)
        server.refresh_from_db()
        assert server.sign_in

    def test_switching_back_leads_to_a_new_url(self, account: IntegratedAccount, people: People) -> None:
        server = server_for_people(account)
        olga = browser(people.operator)
        response = olga.post(path(account, f"{server.pk}/edit"), {**FORM, "authentication": "url"})
        assert response.headers["Location"] == path(account, f"{server.pk}/rotate")
        assert olga.post(path(account, f"{server.pk}/rotate"), {"grace": "0"}).status_code == 200

    def test_the_test_shows_what_a_client_would_see(self, account: IntegratedAccount, people: People) -> None:
        server = server_for_people(account)
        response = browser(people.operator).post(path(account, f"{server.pk}/test"))
        assert response.status_code == 200
        assert "list_all_fuse_desk_cases" in shown(response)

    def test_there_is_nothing_to_rotate(self, account: IntegratedAccount, people: People) -> None:
        server = server_for_people(account)
        response = browser(people.operator).post(path(account, f"{server.pk}/rotate"), {"grace": "0"}, follow=True)
        assert "it has no URL" in shown(response)


class TestRest:
    """`config.authentication`, and its older spelling."""

    @pytest.fixture
    def rest(self, admin_token: str) -> Rest:
        return Rest(admin_token)

    @pytest.fixture
    def servers(self, account: IntegratedAccount) -> str:
        return f"/integrated-account/{account.pk}/mcp"

    def test_a_server_with_sign_in_has_an_address_and_no_token(self, rest: Rest, servers: str) -> None:
        made = rest.post(servers, {"name": "S", "config": {"authentication": "sign_in"}}).json()
        address = f"http://127.0.0.1:8000/mcp/s/{made['id']}"
        assert (made["token"], made["url"], made["config"]["authentication"]) == (None, address, "sign_in")
        assert rest.get(f"{servers}/{made['id']}").json()["url"] == address
        refused = rest.post(f"{servers}/{made['id']}/rotate")
        assert "no token" in reasons(refused)["server"]

    @pytest.mark.parametrize(
        ("config", "kept"),
        [
            ({}, "url"),
            ({"require_api_token_auth": True}, "api_token"),
            ({"require_api_token_auth": False}, "url"),
            ({"authentication": "api_token"}, "api_token"),
            ({"authentication": "api_token", "require_api_token_auth": True}, "api_token"),
            ({"authentication": "sign_in", "require_api_token_auth": False}, "sign_in"),
        ],
    )
    def test_both_spellings_mean_the_same(self, rest: Rest, servers: str, config: dict[str, Any], kept: str) -> None:
        made = rest.post(servers, {"name": "S", "config": config}).json()
        assert MCPServer.objects.get().authentication == kept
        assert made["config"]["require_api_token_auth"] is (kept == "api_token")

    @pytest.mark.parametrize(
        "config",
        [
            {"authentication": "sign_in", "require_api_token_auth": True},
            {"authentication": "url", "require_api_token_auth": True},
            {"authentication": "api_token", "require_api_token_auth": False},
        ],
    )
    def test_contradictions_are_refused(self, rest: Rest, servers: str, config: dict[str, Any]) -> None:
        refused = rest.post(servers, {"name": "S", "config": config})
        assert "Contradicts" in reasons(refused)["config.require_api_token_auth"]
        assert (
            "Takes url, api_token, sign_in"
            in reasons(rest.post(servers, {"name": "S", "config": {"authentication": "password"}}))[
                "config.authentication"
            ]
        )

    def test_a_program_that_knows_only_the_older_spelling_switches_nothing_off(
        self, rest: Rest, servers: str, account: IntegratedAccount
    ) -> None:
        server = server_for_people(account)
        rest.patch(f"{servers}/{server.pk}", {"config": {"methods": ["read"], "require_api_token_auth": False}})
        server.refresh_from_db()
        assert (server.authentication, server.methods) == ("sign_in", ["read"])
