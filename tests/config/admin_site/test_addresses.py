"""Every address of the admin, with whatever stands where an id or a filter belongs: an answer, and never a fault."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db.models import BinaryField, JSONField
from django.test import Client
from django.urls import get_resolver

from accounts.models import IntegratedAccount
from tests.admin_site import browser, listing, superuser
from tests.routes import routes

pytestmark = [pytest.mark.django_db, pytest.mark.hostile]
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
EACH_MODEL = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
UNREADABLE = [field for model in MODELS for field in model._meta.fields if isinstance(field, BinaryField | JSONField)]
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
# Of the wrong kind for every kind of key, missing, beyond what databases take, quoted as the admin does, and unseen.
ODD = ["1", "x", "99999999999999999999999", "11111111-2222-3333-4444-555555555555", "%00"]
# What a database takes for no number, and for one that is too large. Each page of the admin takes its time.
FEW = ["x", "99999999999999999999999"]


def addresses() -> Iterator[str]:
    """Yield the routes of the admin, with their parameters."""
    for each in routes(get_resolver().url_patterns, "/"):
        path = each.path.replace("^", "").removesuffix("\\Z").removesuffix("$")
        if path.startswith("/admin/"):
            yield path


def filled(route: str, odd: str) -> str:
    """Return an address with this in place of each parameter that takes it; whole numbers are beyond any row's."""
    return PARAMETER.sub(lambda found: "99999999999999999999" if found[1] == "int" else odd, route)


WITH_IDS = sorted({route for route in addresses() if PARAMETER.search(route) and "(?P" not in route})


@pytest.fixture
def root(account: IntegratedAccount) -> Client:
    """Somebody who may do everything, in an admin that holds something."""
    return browser(superuser())


@pytest.mark.parametrize("route", WITH_IDS)
def test_an_odd_id_is_an_answer(root: Client, route: str) -> None:
    for odd in ODD:
        assert root.get(filled(route, odd)).status_code < 500, (route, odd)
    for odd in FEW:
        assert root.post(filled(route, odd), {"action": "x"}).status_code < 500, (route, odd)


@EACH_MODEL
def test_an_odd_filter_is_an_answer(root: Client, model: Any) -> None:
    shown = admin.site._registry[model]
    names = {"q", "o", "p", "e", "_popup", "pk", "id", "_facets", "_to_field", "nothing", "id__in", "pk__gt", "all"}
    for each in shown.list_filter:
        name = each if isinstance(each, str) else getattr(each, "parameter_name", None) or str(each[0])  # type: ignore[index]
        names |= {str(name), f"{name}__exact", f"{name}__id__exact", f"{name}__isnull", f"{name}__in", f"{name}__gte"}
        names |= {f"{name}_from", f"{name}_to", f"{name}_from_0", f"{name}_to_1"}
    for name in sorted(names):
        for odd in FEW:
            assert root.get(listing(model), {name: odd}).status_code < 500, (name, odd)
    for odd in ["", "\0", "2026-99-99", "1.5.-2", "-999"]:
        assert root.get(listing(model), dict.fromkeys(names, odd)).status_code < 500, odd


@EACH_MODEL
def test_an_action_on_odd_rows_is_an_answer(root: Client, model: Any) -> None:
    for action in ("delete_selected", *(name for name in dir(admin.site._registry[model]) if name.startswith("make_"))):
        for odd in [*FEW, "1", "\0"]:
            for more in ({}, {"select_across": "0", "index": "0", "post": "yes"}):
                sent = {"action": action, "_selected_action": [odd], **more}
                assert root.post(listing(model), sent).status_code < 500, (action, odd, more)


@EACH_MODEL
def test_odd_answers_to_its_forms_are_answers(root: Client, model: Any) -> None:
    for address in (listing(model) + "add/", listing(model)):
        for odd in FEW:
            fields = {field.name: odd for field in model._meta.get_fields() if hasattr(field, "attname")}
            assert root.post(address, {**fields, "_save": "Save"}).status_code < 500, (address, odd)
            assert root.get(address, fields).status_code < 500, (address, odd)


@pytest.mark.parametrize("odd", [*ODD, "\0"])
def test_an_odd_field_to_complete_is_an_answer(root: Client, odd: str) -> None:
    for names in ({"app_label": odd}, {"app_label": "accounts", "model_name": odd, "field_name": odd}):
        sent = {"term": odd, "app_label": "accounts", "model_name": "membership", "field_name": "user", **names}
        assert root.get("/admin/autocomplete/", sent).status_code < 500


@pytest.mark.parametrize("query", ["page=abc", "page=9", "page=0", "page=-1"])
def test_an_odd_page_of_a_search_is_an_answer(root: Client, query: str) -> None:
    assert root.get(f"/admin/search/?s=a&{query}").status_code < 500


@pytest.mark.parametrize("lookup", ["", "__in", "__gt", "__contains"])
@pytest.mark.parametrize("field", UNREADABLE, ids=str)
def test_digests_and_documents_are_no_filters(root: Client, field: Any, lookup: str) -> None:
    assert root.get(listing(field.model), {f"{field.name}{lookup}": "a"}).status_code == 400


def test_a_malformed_id_of_a_bundle_is_not_found(root: Client) -> None:
    assert root.get("/admin/accounts/integration/1/export-bundle/").status_code == 404


@pytest.mark.parametrize("odd", ["x", "", "99999999999999999999999", "\0", "1'"])
def test_a_preview_of_an_odd_record_is_an_answer(root: Client, odd: str) -> None:
    for method in (root.get, root.post):
        assert method(f"/admin/tools/documentation/preview/?{urlencode({'record': odd})}").status_code < 500
