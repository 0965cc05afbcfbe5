"""The admin as a whole: every page answers, to those who may, and holds no secret."""

import base64
import re
import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, IntegratedAccount, Role, User
from config.admin_site.index import attention
from config.admin_site.navigation import SIDEBAR
from mcpservers.models import MCPServer
from tests.admin_site import SIGN_IN, browser, listing, page, staff, superuser
from tests.fuse_desk import SIMULATOR_KEY
from tests.pages import as_read
from tools.models import Call, Documentation

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
EACH_MODEL = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


@pytest.fixture
def secrets(account: IntegratedAccount, server: tuple[MCPServer, str]) -> list[str]:
    """Fill every list; return what no page may show."""
    sealed = PBKDF2PasswordHasher().encode("ana-pass-1", "salt-of-ana", iterations=1)
    ana = User.objects.create(username="ana", password=sealed)
    row, value = server
    token, token_value = ApiToken.objects.issue(
        environment=account.environment, name="automation", role=Role.ADMIN, owner=ana
    )
    Group.objects.create(name="Editors")
    Call.objects.create(
        environment_id=account.environment_id, account_id=account.pk, via="mcp", tool="list_all_fuse_desk_cases",
        access="read", outcome="ok", started_at=timezone.now(), server_id=row.pk, arguments={"limit": 3},
    )  # fmt: skip
    digests = [bytes(each.digest) for each in (row, token)]
    return [
        value, token_value, SIMULATOR_KEY, account.credentials, ana.password,
        *(digest.hex() for digest in digests), *(base64.b64encode(digest).decode() for digest in digests),
        *(str(digest) for digest in digests),
    ]  # fmt: skip


def first_row(model: type[Model]) -> Any:
    return model._default_manager.order_by("pk").first()


@EACH_MODEL
def test_every_page_answers_a_superuser_and_shows_no_secret(model: type[Model], secrets: list[str]) -> None:
    root, row = browser(superuser()), first_row(model)
    addresses = [listing(model)]
    if admin.site._registry[model].search_fields:
        addresses.append(listing(model, q="acme"))
    if row is not None:
        addresses.append(page(row))
        if page(row, "history") in root.get(page(row)).content.decode():
            addresses.append(page(row, "history"))
    for address in addresses:
        answer = root.get(address, follow=True)
        assert answer.status_code == 200, address
        shown = answer.content.decode()
        assert not [secret for secret in secrets if secret in shown], address


@EACH_MODEL
def test_who_is_not_staff_is_asked_to_sign_in(model: type[Model]) -> None:
    for client in (Client(), browser(User.objects.create(username="ana"))):
        answer = client.get(listing(model))
        assert answer.status_code == 302
        assert answer["Location"].startswith(SIGN_IN)


@EACH_MODEL
def test_staff_without_the_permission_are_refused(model: type[Model], secrets: list[str]) -> None:
    editor, row = browser(staff()), first_row(model)
    assert editor.get(listing(model)).status_code == 403
    if row is not None:
        assert editor.get(page(row)).status_code == 403


@EACH_MODEL
def test_a_row_that_does_not_exist_leads_back_with_a_word(model: type[Model]) -> None:
    missing = uuid.uuid4() if model._meta.pk.get_internal_type() == "UUIDField" else 999_999
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[missing])
    assert browser(superuser()).get(address).status_code == 302


def test_pages_load_nothing_from_elsewhere(integration: object) -> None:
    root = browser(superuser())
    for address in (SIGN_IN, "/admin/", listing(Documentation), page(first_row(Documentation))):
        shown = root.get(address).content.decode()
        assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]+\.(?:js|css)', shown)


def test_the_sidebar_names_every_model_once_to_those_who_may_open_it() -> None:
    entries = [entry for group in SIDEBAR["navigation"] for entry in group["items"]]
    links = [str(entry["link"]) for entry in entries]
    assert sorted(links) == sorted(listing(model) for model in MODELS)
    request = RequestFactory().get("/admin/")
    request.user = staff("tools.view_documentation")
    assert [entry["title"] for entry in entries if entry["permission"](request)] == ["Documentation"]


def test_the_first_page_tells_what_waits(secrets: list[str]) -> None:
    record = Documentation.objects.get(resource="cases", method="list")
    record.description = "Thin."
    record.save()
    IntegratedAccount.objects.update(status=IntegratedAccount.Status.NEEDS_REAUTH)
    Call.objects.update(outcome=Call.Outcome.FAILED)
    request = RequestFactory().get("/admin/")
    request.user = superuser()
    waiting = [fact.waiting for fact in attention(request, {})["attention"]]
    # What is composed of it waits with it.
    assert waiting == ["2 drafts", "1 to be connected again", "", "1 without a result"]


def test_the_first_page_counts_only_what_one_may_see(secrets: list[str]) -> None:
    request = RequestFactory().get("/admin/")
    request.user = staff("mcpservers.view_mcpserver")
    assert [fact.noun for fact in attention(request, {})["attention"]] == ["MCP server"]


def test_the_first_page_counts_one_in_the_singular(secrets: list[str]) -> None:
    shown = as_read(browser(superuser()).get("/admin/").content.decode())
    for words in ("account in use", "MCP server live", "call in 24 hours"):
        assert f"<strong>1</strong> {words}</a>" in shown
