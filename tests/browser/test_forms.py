"""Pages and dialogs that forms lead to, in both schemes: axe finds nothing, nothing overflows, what was typed stays."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)]

ACCOUNT = "/accounts/{integrated_account_id}"
PASSWORD = "rather-long-77"


def test_somebody_new_from_invitation_to_second_factor(visitor: Visitor, request: pytest.FixtureRequest) -> None:
    page = visitor.page
    name = f"nina-{request.node.callspec.params['visitor']}"
    visitor.sign_in()
    page.goto("/people")
    page.fill("#id_note", name)
    page.click("text=Invite >> nth=-1")
    invitation = page.input_value("#invitation")
    assert visitor.problems() == []

    page.context.clear_cookies()
    page.goto(invitation)
    assert visitor.problems() == []
    page.fill("#id_username", name)
    page.fill("#id_password1", PASSWORD)
    page.fill("#id_password2", PASSWORD)
    page.click("text=Create my account and accept")
    page.wait_for_url("**/accounts")
    expect(page.locator(".notices")).to_contain_text("You belong to")

    page.goto("/profile/second-factor")
    totp = pyotp.TOTP(page.input_value("#secret"))
    page.fill("#id_code", totp.now())
    page.click("text=Switch on")
    expect(page.locator("h1")).to_have_text("Two-factor sign-in is on")
    recovery = page.locator("#codes").inner_text().split()[0]
    assert visitor.problems() == []
    page.goto("/profile")
    page.click("text=Switch it off")
    assert visitor.problems() == []

    page.context.clear_cookies()
    visitor.give_password(name, PASSWORD)
    expect(page.locator("#id_code")).to_be_visible()
    assert visitor.problems() == []
    page.fill("#id_code", recovery)
    page.click("text=Sign in >> nth=-1")
    page.wait_for_url("**/accounts")


def test_an_api_token_issued_and_revoked(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto("/api-tokens")
    page.click("text=Issue API token")
    expect(page.locator("#dialog #id_name")).to_be_focused()
    assert visitor.problems() == []
    page.fill("#dialog #id_name", "Nightly report")
    page.click("#dialog .primary")
    expect(page.locator("#dialog")).to_contain_text("only time it is shown")
    assert visitor.problems() == []
    page.click("#dialog >> text=Done")
    page.locator("tr", has_text="Nightly report").get_by_text("Revoke").click()
    expect(page.locator("#dialog")).to_contain_text("are refused from then on")
    assert visitor.problems() == []
    page.click("#dialog .destructive")
    expect(page.locator(".notices")).to_contain_text("Nightly report is revoked")


def test_a_server_made_tested_rotated_and_deleted(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto(f"{ACCOUNT}/mcp-servers".format(**demo))
    page.click("text=Create MCP Server")
    expect(page.locator("#dialog .sum")).to_contain_text("16 tools")
    page.fill("#dialog #id_name", "Every dialog")
    page.click("#dialog >> text=Choose methods")
    assert visitor.problems() == []
    page.click("#dialog .primary")
    expect(page.locator("#dialog .errorlist").first).to_be_visible()
    visitor.complaints.clear()  # the console notes the 422 of a form that came back
    assert page.input_value("#dialog #id_name") == "Every dialog"
    page.click("#dialog >> text=Read >> nth=0")
    page.click("#dialog .primary")
    expect(page.locator("#server-url")).to_be_visible()
    page.click("#dialog >> text=QR code")
    assert visitor.problems() == []
    page.click("#dialog >> text=Done")

    page.click("summary:has-text('More for Every dialog')")
    page.locator("tr", has_text="Every dialog").get_by_text("Rotate URL…").click()
    expect(page.locator("#dialog")).to_contain_text("You get a new URL")
    assert visitor.problems() == []
    page.select_option("#dialog #id_grace", "3600")
    page.click("#dialog .primary")
    expect(page.locator("#dialog")).to_contain_text(re.compile(r"works until\s+\d+ \w+ \d{4}, \d\d:\d\d\."))
    page.click("#dialog >> text=Done")
    page.click("main >> text=Every dialog")
    expect(page.locator("main")).to_contain_text(re.compile(r"works until\s+\d+ \w+ \d{4}, \d\d:\d\d"))
    page.click("main button:has-text('Test')")
    expect(page.locator("#dialog")).to_contain_text("Handshake and list succeeded")
    assert visitor.problems() == []
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()

    page.click("nav.tabs >> text=MCP Servers")
    page.click("summary:has-text('More for Every dialog')")
    page.locator("tr", has_text="Every dialog").get_by_text("Delete…").click()
    expect(page.locator("#dialog")).to_contain_text("will be refused")
    assert visitor.problems() == []
    page.click("#dialog >> text=Delete MCP server")
    expect(page.locator(".notices")).to_contain_text("its URL is refused from now on")


def test_a_connection_that_is_refused_keeps_what_was_typed(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto("/accounts/connect/fuse_desk")
    visitor.connect_fuse_desk("Refused", "fd-wrong-key")
    expect(page.locator("main [role=alert]").first).to_be_visible()
    assert page.input_value("#id_name") == "Refused"
    assert visitor.problems() == []
    visitor.complaints.clear()  # the console notes the 422 of a form that came back


def test_a_call_and_the_breakdown_of_calls(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto(f"{ACCOUNT}/playground?tool=list_all_fuse_desk_reps".format(**demo))
    page.click("button[name=run]")
    expect(page.locator("#outcome #result")).to_be_visible()
    page.goto("/activity")
    page.click("main tbody a >> nth=0")
    expect(page.locator("body")).to_contain_text("Took")
    assert visitor.problems() == []
    page.goto("/activity?view=breakdown")
    assert visitor.problems() == []


def test_a_consent_before_the_vendor_asks_and_after_it_was_denied(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto("/accounts/connect/zendesk")
    page.fill("#id_name", "Acme Zendesk")
    page.fill("#id_field_subdomain", "acme")
    page.fill("#id_field_client_id", "patchbay")
    page.fill("#id_field_client_secret", "not-a-secret")
    page.click("text=Continue")
    expect(page.locator("h1")).to_have_text("Consent at Zendesk")
    assert visitor.problems() == []
    leaves = str(page.get_attribute("text=Continue to Zendesk", "href"))
    state = parse_qs(urlsplit(leaves).query)["state"][0]
    page.goto(f"/accounts/oauth/callback?error=access_denied&state={state}")
    expect(page.locator("main [role=alert]")).to_be_visible()
    assert page.input_value("#id_field_subdomain") == "acme"
    assert visitor.problems() == []
