"""Language models in the admin: the key is encrypted, never shown, and goes nowhere that it was not given for."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, LanguageModel
from tests.admin_site import act, browser, listing, page, staff, superuser
from tests.pages import as_read

pytestmark = pytest.mark.django_db
KEY = "sk-live-0123456789abcdef"
FORM = {
    "name": "Claude", "api": "anthropic", "base_url": "https://api.anthropic.com/v1", "model": "claude-x",
    "token_limit": "1000", "minute_limit": "10",
}  # fmt: skip


@pytest.fixture
def root() -> Client:
    return browser(superuser())


def add(client: Client, **changed: str) -> Any:
    return client.post(f"{listing(LanguageModel)}add/", {**FORM, "new_key": KEY, **changed})


def test_a_key_is_encrypted_and_shown_nowhere_again(root: Client) -> None:
    assert add(root).status_code == 302
    row = LanguageModel.objects.get()
    assert row.read_key() == KEY
    assert KEY not in row.key
    shown = "".join(root.get(address).content.decode() for address in (listing(LanguageModel), page(row)))
    assert KEY not in shown
    assert row.key not in shown
    entry = AuditEntry.objects.get(action="language_model.created")
    assert KEY not in str(entry.details)
    refused = root.post(page(row), {**FORM, "base_url": "ftp://x", "new_key": "another-key-123"}).content.decode()
    assert "another-key-123" not in refused


@pytest.mark.parametrize("moved", [{"base_url": "https://evil.example/v1"}, {"api": "openai"}])
def test_the_stored_key_goes_to_no_other_address_or_api_unless_it_is_given_again(
    root: Client, moved: dict[str, str]
) -> None:
    add(root)
    row = LanguageModel.objects.get()
    answer = root.post(page(row), {**FORM, **moved})
    assert "The stored key was given for another address or API." in as_read(answer.content.decode())
    row.refresh_from_db()
    assert (row.base_url, row.api) == (FORM["base_url"], FORM["api"])
    assert root.post(page(row), {**FORM, **moved, "new_key": "sk-other-123"}).status_code == 302
    row.refresh_from_db()
    assert row.read_key() == "sk-other-123"
    assert root.post(page(row), {**FORM, "drop_key": "on"}).status_code == 302
    row.refresh_from_db()
    assert (row.key, row.base_url) == ("", FORM["base_url"])


def test_an_empty_key_keeps_the_stored_one(root: Client) -> None:
    add(root)
    row = LanguageModel.objects.get()
    assert root.post(page(row), {**FORM, "name": "Other"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.read_key()) == ("Other", KEY)
    assert AuditEntry.objects.get(action="language_model.changed").details == {"changed": ["name"]}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("base_url", "http://api.example/v1", "Takes an address that begins with https://"),
        ("base_url", "https://user:pass@api.example/v1", "Must not hold a user name or password"),
        ("base_url", "https://api.example/v1?key=x", "Must not hold a query"),
        ("base_url", "https://api.example/v1/", "Leave out the slash at the end."),
        ("new_key", "clé", "only ASCII characters"),
        ("token_limit", "0", "greater than or equal to 1"),
        ("minute_limit", "100000", "less than or equal to"),
    ],
)
def test_what_no_request_could_use_is_refused(root: Client, field: str, value: str, words: str) -> None:
    assert words in as_read(add(root, **{field: value}).content.decode())
    assert not LanguageModel.objects.exists()


def test_who_may_only_look_changes_nothing(root: Client) -> None:
    add(root)
    row = LanguageModel.objects.get()
    client = browser(staff("accounts.view_languagemodel"))
    assert client.get(page(row)).status_code == 200
    assert client.post(page(row), {**FORM, "name": "Taken"}).status_code == 403
    assert add(client, name="Second").status_code == 403
    assert client.post(page(row, "delete"), {"post": "yes"}).status_code == 403
    assert LanguageModel.objects.get().name == "Claude"


def test_documentation_editors_have_no_business_with_keys(root: Client) -> None:
    add(root)
    client = browser(staff("tools.change_documentation", "accounts.view_integration"))
    assert client.get(page(LanguageModel.objects.get())).status_code == 403


def test_deletions_stand_in_the_audit_record(root: Client) -> None:
    add(root)
    act(root, "delete_selected", LanguageModel.objects.get())
    root.post(
        listing(LanguageModel),
        {"action": "delete_selected", "_selected_action": [str(LanguageModel.objects.get().pk)], "post": "yes"},
    )
    assert not LanguageModel.objects.exists()
    assert AuditEntry.objects.filter(action="language_model.deleted").count() == 1
