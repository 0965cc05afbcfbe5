"""Signing in under limits, and the password that is asked for again, in a browser."""

from typing import Any

import pytest

from tests.browser.visitor import Visitor
from tests.stack import Stack

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)

AN_HOUR_AGO = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Session
from accounts.people.sessions import PASSWORD_GIVEN, SessionStore
for row in Session.objects.all():
    data = SessionStore().decode(row.data)
    data.pop(PASSWORD_GIVEN, None)
    row.data = SessionStore().encode(data)
    row.created_at = timezone.now() - timedelta(hours=1)
    row.save()
"""
STRANGERS = """
from django.utils import timezone
from accounts.models import FailedSignIns
from accounts.signing_in.names import sign_in_digest
FailedSignIns.objects.all().delete()
kind, name = FailedSignIns.Kind.{kind}, {subject}
FailedSignIns.objects.create(kind=kind, digest=sign_in_digest(kind, *name), failures=10_000, last_at=timezone.now())
"""
NOBODY = "from accounts.models import FailedSignIns; FailedSignIns.objects.all().delete()"


@BOTH
def test_a_dialog_asks_for_the_password_and_goes_on(visitor: Visitor, stack: Stack, demo: dict[str, Any]) -> None:
    visitor.sign_in()
    page = visitor.page
    page.goto("/api-tokens")
    stack.manage("shell", "-v0", "-c", AN_HOUR_AGO)
    page.click("[data-create]")
    page.fill("dialog #id_name", "Report of the week")
    page.click("dialog button.primary")
    page.wait_for_selector("dialog >> text=Your password, please")
    assert visitor.problems() == []
    page.fill("dialog #id_confirm_password", demo["password"])
    page.click("dialog >> text=Continue")
    page.wait_for_selector("dialog [data-shown-once]")
    assert "pbapi_" in page.input_value("dialog [data-copy-source]")
    visitor.complaints.clear()  # the console notes the 422 that asked


@BOTH
def test_a_page_asks_for_the_password_before_a_secret(visitor: Visitor, stack: Stack, demo: dict[str, Any]) -> None:
    visitor.sign_in()
    page = visitor.page
    stack.manage("shell", "-v0", "-c", AN_HOUR_AGO)
    page.goto("/profile/second-factor")
    assert visitor.problems() == []
    page.fill("#id_confirm_password", "wrong")
    page.click("text=Continue")
    page.wait_for_selector("text=This is not your password")
    assert visitor.problems() == []
    page.fill("#id_confirm_password", demo["password"])
    page.click("text=Continue")
    page.wait_for_selector("text=Scan this")
    visitor.complaints.clear()
    stack.manage("shell", "-v0", "-c", NOBODY)


@BOTH
def test_a_slowed_sign_in_counts_down_and_opens(visitor: Visitor, stack: Stack, demo: dict[str, Any]) -> None:
    name = demo["username"]
    stack.manage("shell", "-v0", "-c", STRANGERS.format(kind="NAME", subject=[name]))
    visitor.give_password(name, demo["password"])
    page = visitor.page
    page.wait_for_selector("button:disabled")
    assert visitor.problems() == []
    page.wait_for_selector("button.primary:enabled", timeout=30_000)
    page.fill("#id_password", demo["password"])
    page.click("button.primary")
    page.wait_for_url("**/accounts")
    visitor.complaints.clear()
    stack.manage("shell", "-v0", "-c", NOBODY)


@BOTH
def test_a_locked_sign_in_says_for_how_long(visitor: Visitor, stack: Stack) -> None:
    stack.manage("shell", "-v0", "-c", STRANGERS.format(kind="NETWORK", subject=["127.0.0.1"]))
    visitor.give_password("nobody", "wrong")
    visitor.page.wait_for_selector("text=Wait 15 minutes")
    assert visitor.problems() == []
    visitor.complaints.clear()
    stack.manage("shell", "-v0", "-c", NOBODY)


@BOTH
def test_somebody_signs_another_browser_out(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.page
    page.goto("/profile")
    page.locator("#sessions-title").scroll_into_view_if_needed()
    assert "Chrome on Linux" in page.inner_text("section[aria-labelledby=sessions-title]")
    assert visitor.problems() == []
    page.click("text=Sign out everywhere")
    page.wait_for_url("**/sign-in")
