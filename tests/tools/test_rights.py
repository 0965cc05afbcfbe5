"""Who may change documentation and definitions: each editor, each right, at each edge."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from accounts.api_tokens.issue import issue_token
from accounts.models import ApiToken, AuditEntry, Environment, Integration, Membership, Role, TokenKind, User
from mcpservers.models import MCPServer
from tests.admin_site import browser, staff, superuser
from tests.bundles import OPERATOR
from tests.calls import note_of
from tests.calls import record as put_on_record
from tests.fuse_desk import BUNDLE
from tests.rest import Rest, token_for
from tests.routes import routes
from tests.tools.openapi.documents import DESK_30
from tools.documentation import bundles
from tools.documentation.editing import delete_definition, delete_record, save_definition, save_record, switch_records
from tools.documentation.publishing import publish
from tools.documentation.review import Marks, carry_out
from tools.models import Documentation
from tools.openapi.importing import prepare
from tools.rights import IMPORTING, Editor, Right, RightsMissing, demand, may

# --- The decision -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("right", list(Right))
def test_a_right_is_the_permission_of_that_name_and_of_an_active_member_of_the_staff(right: Right) -> None:
    others = [each for each in Right if each is not right]
    person = staff(right.value)
    assert may(person, right)
    assert not any(may(person, each) for each in others)
    assert not may(person, right, others[0])
    for change in ({"is_staff": False}, {"is_active": False}):
        User.objects.update(is_staff=True, is_active=True)
        User.objects.update(**change)
        assert not may(User.objects.get(), right)


def test_a_token_has_its_owners_rights_where_both_are_admin_and_a_service_token_none(environment: Environment) -> None:
    root = superuser()
    Membership.objects.create(environment=environment, user=root, role=Role.ADMIN)
    personal, _ = issue_token(environment, root, name="p", role=Role.ADMIN)
    lesser, _ = issue_token(environment, root, name="l", role=Role.OPERATOR)
    service, _ = issue_token(environment, root, name="s", role=Role.ADMIN, kind=TokenKind.SERVICE)
    child, _ = issue_token(environment, personal, name="c", role=Role.ADMIN)

    def now(token: ApiToken) -> bool:
        return may(ApiToken.objects.get(pk=token.pk), Right.CHANGE_RECORD)

    assert [now(each) for each in (personal, child, lesser, service)] == [True, True, False, False]
    Membership.objects.update(role=Role.OPERATOR)
    assert not now(personal)
    Membership.objects.update(role=Role.ADMIN)
    User.objects.update(is_superuser=False)
    assert not now(personal)
    root.delete()
    assert not now(personal)


# --- Every function that changes something ----------------------------------------------------------------------------

RECORD = {"resource": "cases", "method": "list"}


def one(integration: Integration) -> Documentation:
    record: Documentation = Documentation.objects.select_related("integration").get(integration=integration, **RECORD)
    return record


def change(editor: Editor, integration: Integration) -> None:
    record = one(integration)
    record.title = "Another title"
    save_record(editor, record)


def add(editor: Editor, integration: Integration) -> None:
    save_record(editor, Documentation(integration=integration, resource="cases", method="nothing", title="x"))


def define(editor: Editor, integration: Integration) -> None:
    integration.definition = {**integration.definition, "label": "Another"}
    save_definition(editor, integration)


DOES: dict[str, tuple[Callable[[Editor, Integration], Any], tuple[Right, ...]]] = {
    "change a record": (change, (Right.CHANGE_RECORD,)),
    "add a record": (add, (Right.ADD_RECORD,)),
    "delete a record": (lambda by, of: delete_record(by, one(of)), (Right.DELETE_RECORD,)),
    "withdraw": (lambda by, of: switch_records(by, [one(of)], published=False), (Right.CHANGE_RECORD,)),
    "publish": (lambda by, of: publish(of, [one(of)], by), (Right.CHANGE_RECORD,)),
    "review": (lambda by, of: carry_out(of, Marks({one(of).pk}), by), (Right.CHANGE_RECORD,)),
    "drop": (lambda by, of: carry_out(of, Marks(set(), {one(of).pk}), by), (Right.CHANGE_RECORD, Right.DELETE_RECORD)),
    "load a bundle": (lambda by, of: bundles.load_bundle(BUNDLE.read_text(), by, overwrite=True), IMPORTING),
    "import a description": (lambda by, of: prepare(DESK_30, name="acme").load(by), IMPORTING),
    "change a definition": (define, (Right.CHANGE_DEFINITION,)),
    "delete a definition": (delete_definition, (Right.DELETE_DEFINITION, Right.DELETE_RECORD)),
}


@pytest.mark.parametrize("what", list(DOES))
def test_each_change_takes_exactly_its_rights(integration: Integration, what: str) -> None:
    does, rights = DOES[what]
    before = shared_rows()
    for missing in rights:
        User.objects.all().delete()
        almost = staff(*(each.value for each in Right if each is not missing))
        with pytest.raises(RightsMissing, match=missing.value):
            does(almost, Integration.objects.get(pk=integration.pk))
        assert shared_rows() == before
    User.objects.all().delete()
    does(staff(*(each.value for each in rights)), Integration.objects.get(pk=integration.pk))


@pytest.mark.parametrize("what", list(DOES))
def test_no_service_token_and_no_viewer_changes_anything(
    integration: Integration, environment: Environment, what: str
) -> None:
    service, _ = issue_token(environment, "tests", name="s", role=Role.ADMIN)
    viewer = staff("tools.view_documentation", "accounts.view_integration")
    before = shared_rows()
    for editor in (service, viewer):
        with pytest.raises(RightsMissing):
            DOES[what][0](editor, Integration.objects.get(pk=integration.pk))
    assert shared_rows() == before


def shared_rows() -> list[Any]:
    return [
        list(Documentation.objects.order_by("pk").values("pk", "title", "description", "published", "updated_at")),
        list(Integration.objects.order_by("pk").values("pk", "name", "label", "definition", "revision")),
    ]


# --- Commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_commands_may_do_all_and_are_named_in_the_audit_record() -> None:
    demand(OPERATOR, *Right)
    call_command("load_integration", str(BUNDLE), verbosity=0)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("the command load_integration", "integration.bundle_loaded")
    call_command("load_integration", str(BUNDLE), verbosity=0)
    assert AuditEntry.objects.count() == 1


# --- Every address and action of the admin ----------------------------------------------------------------------------


def filled(path: str, record: Documentation, versions: dict[str, int]) -> str:
    """Put a row's keys into an address."""
    places = {f"/{each._meta.app_label}/{each._meta.model_name}/": each for each in apps.get_models()}
    model = next((each for place, each in places.items() if place in path), None)
    row = model._default_manager.order_by("pk").first() if model is not None else None
    own: Any = record if model is Documentation else row
    key = str(own.pk) if own is not None else "1"
    path = re.sub(r"<int:version>", str(versions.get(str(model and model._meta.model_name), 1)), path)
    return re.sub(r"<[^>]+>", key, path).replace("^", "").split("(?P", maxsplit=1)[0]


OURS = [model for app in ("accounts", "tools", "mcpservers") for model in apps.get_app_config(app).get_models()]
WRITTEN_BY_LOOKING = {"verdict", "judged"}  # the gate's verdicts are seen to whenever records are read


def everything() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in OURS
        if model._meta.model_name not in WRITTEN_BY_LOOKING
    }


def fill(record: Documentation) -> dict[str, int]:
    """Give rows a history, so that there is something to restore."""
    for title in ("Cases, once", "Cases, twice"):
        record.title = title
        record.save()
    integration = record.integration
    integration.definition = {**integration.definition, "label": "Desk"}
    integration.save()
    history = {"documentation": Documentation, "integration": Integration}
    return {name: model.history.order_by("history_id").first().history_id for name, model in history.items()}  # type: ignore[attr-defined]


def form_for(record: Documentation) -> dict[str, Any]:
    """Return a body that would change something wherever it is taken."""
    return {
        "post": "yes", "_save": "Save", "do": "publish", "row": [str(record.pk)], "matching": "1", "published": "",
        "title": "Taken over", "description": "Taken over by somebody who may only look at what stands here.",
        "name": "taken", "username": "taken", "is_staff": "on", "is_superuser": "on", "overwrite": "on",
        "text": BUNDLE.read_text(), "integration": str(record.integration_id), "resource": "cases", "method": "list",
        "try_confirmed": "yes", "try_arguments": "{}", "definition": "{}",
        "password1": "x-9-taken", "password2": "x-9-taken",
    }  # fmt: skip


@pytest.mark.hostile
@pytest.mark.parametrize("rights", ["none", "view"])
def test_staff_who_may_only_look_change_nothing_at_any_address_or_action_of_the_admin(
    server: tuple[MCPServer, str], environment: Environment, rights: str
) -> None:
    record = one(Integration.objects.get())
    versions = fill(record)
    issue_token(environment, "tests", name="CI", role=Role.ADMIN)
    put_on_record(note_of(server[0].account))
    person = staff()
    if rights == "view":
        person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client, body, before = browser(person), form_for(record), everything()
    paths = [filled(path, record, versions) for path in (each.path for each in routes(admin.site.urls[0], "/admin/"))]
    for part in ("import-confirm", "import-bundle", "import-openapi", "review-drafts", "restore", "try", "preview"):
        assert any(f"/{part}/" in path for path in paths), part
    for path in paths:
        if path.rstrip("/").endswith(("logout", "login")):
            continue
        for answer in (client.get(path), client.post(path, body)):
            assert answer.status_code < 500, path
    for model, page in admin.site._registry.items():
        ticked = [str(row.pk) for row in model._default_manager.all()[:3]]
        for action in {"delete_selected", *(page.actions or ())}:
            acted(client, model, {"action": str(action), "_selected_action": ticked, "post": "yes"})
    assert everything() == before


def acted(client: Client, model: Any, body: dict[str, Any]) -> None:
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert client.post(address, body).status_code < 500


# --- REST -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "role", "status"),
    [
        (("tools.change_documentation",), Role.ADMIN, 200),
        (("tools.change_documentation",), Role.OPERATOR, 403),
        (("tools.add_documentation", "tools.view_documentation", "accounts.change_integration"), Role.ADMIN, 403),
        ((), Role.ADMIN, 403),
    ],
)
def test_over_rest_a_record_is_changed_by_the_owners_right_and_the_role_admin(
    integration: Integration, environment: Environment, permissions: tuple[str, ...], role: Role, status: int
) -> None:
    record, before = one(integration), shared_rows()
    rest = Rest(token_for(staff(*permissions), environment, role))
    answer = rest.patch(f"/documentation/{record.pk}", {"title": "x"})
    assert answer.status_code == status
    assert (shared_rows() == before) is (status != 200)
