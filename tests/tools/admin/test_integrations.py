"""Admin pages of integrations: the definition, bundles in and out."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.changes import ChangeKind
from accounts.models import AuditEntry, IntegratedAccount, Integration, User
from tests.admin_site import browser, listing, page, queries, staff, superuser
from tests.bundles import load_bundle
from tests.fuse_desk import BUNDLE
from tests.hearing import hearing
from tests.pages import as_read
from tools.models import Documentation

pytestmark = pytest.mark.django_db
IMPORT = "/admin/accounts/integration/import-bundle/"
CONFIRM = "/admin/accounts/integration/import-confirm/"


@pytest.fixture
def root() -> Client:
    return browser(superuser())


def compared(client: Client, text: str, **more: str) -> str:
    """Return the page that says what a bundle would change."""
    file = SimpleUploadedFile("bundle.yaml", text.encode())
    return client.post(IMPORT, {"file": file, "text": "", **more}).content.decode()


def confirmed(client: Client, shown: str) -> str:
    """Press the button of that page, and return the page that it leads to."""
    key = re.findall(r'name="held" value="(\w+)"', shown)[0]
    return client.post(CONFIRM, {"held": key}, follow=True).content.decode()


def upload(client: Client, text: str, **more: str) -> str:
    return confirmed(client, compared(client, text, **more))


def changed(integration: Integration, **values: Any) -> dict[str, str]:
    return {"definition": json.dumps({**integration.definition, **values})}


def test_saving_takes_name_and_label_from_the_definition_and_remakes_the_tools(
    root: Client, integration: Integration, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        root.post(page(integration), changed(integration, name="fusedesk", label="FuseDesk EU"))
    before = integration.revision
    integration.refresh_from_db()
    assert (integration.name, integration.label) == ("fusedesk", "FuseDesk EU")
    assert integration.revision > before
    assert [(change.kind, change.id) for change in heard] == [(ChangeKind.INTEGRATION, integration.pk)]
    assert AuditEntry.objects.latest("pk").action == "integration.changed"


def test_every_problem_of_a_definition_is_named_by_its_place_and_the_text_kept(
    root: Client, integration: Integration
) -> None:
    document = deepcopy(integration.definition)
    document["resources"]["cases"]["methods"]["list"]["http"] = "FETCH"
    document["base_url"] = "nowhere"
    shown = as_read(root.post(page(integration), {"definition": json.dumps(document)}).content.decode())
    assert "The definition has 2 problems" in shown
    assert "resources.cases.methods.list.http: " in shown
    assert "base_url: " in shown
    assert "&quot;FETCH&quot;" in shown
    assert Integration.objects.get(pk=integration.pk).definition == integration.definition


def test_a_definition_that_is_no_json_is_kept(root: Client, integration: Integration) -> None:
    shown = root.post(page(integration), {"definition": '{\n"name": oops'}).content.decode()
    assert "Line 2, column 9" in shown
    assert "oops" in shown


def test_an_integration_is_added_by_its_definition(root: Client, integration: Integration) -> None:
    root.post("/admin/accounts/integration/add/", changed(integration, name="other_desk", label="Other"))
    made = Integration.objects.get(name="other_desk")
    assert made.label == "Other"
    assert AuditEntry.objects.latest("pk").action == "integration.created"


def test_two_integrations_cannot_have_one_name(root: Client, integration: Integration) -> None:
    shown = root.post("/admin/accounts/integration/add/", changed(integration)).content.decode()
    assert "name: fuse_desk is the name of another integration." in shown


def test_records_that_a_change_turns_into_drafts_are_named(root: Client, integration: Integration) -> None:
    document = deepcopy(integration.definition)
    del document["resources"]["cases"]["methods"]["snooze"]
    document["tool_tags"].pop("cases.snooze", None)
    said = root.post(page(integration), {"definition": json.dumps(document)}, follow=True).content.decode()
    assert "These records make no tool: cases.snooze." in said


def test_the_page_counts_tools_and_drafts(root: Client, integration: Integration) -> None:
    record = Documentation.objects.get(resource="cases", method="add_note")
    record.description = "Thin."
    record.save()
    shown = root.get(page(integration)).content.decode()
    assert '&amp;gate=draft">1</a>' in shown


def test_an_export_loads_again_without_a_change(root: Client, integration: Integration) -> None:
    answer = root.get(f"/admin/accounts/integration/{integration.pk}/export-bundle/")
    assert answer["Content-Disposition"] == 'attachment; filename="fuse_desk.yaml"'
    loaded = load_bundle(answer.content.decode())
    assert (loaded.created, loaded.updated, loaded.kept) == ([], [], [])


def test_an_import_says_what_it_did_and_leaves_a_trace(root: Client) -> None:
    shown = upload(root, BUNDLE.read_text())
    assert "FuseDesk is loaded" in shown
    assert "cases.list" in shown
    assert Documentation.objects.filter(resource="cases", method="list").exists()
    entry = AuditEntry.objects.latest("pk")
    assert entry.action == "integration.bundle_loaded"
    assert entry.details["created"] == Documentation.objects.count()


def test_an_edited_record_is_kept_unless_overwriting_is_ticked(root: Client, integration: Integration) -> None:
    record = Documentation.objects.get(resource="cases", method="list")
    record.title = "Edited here"
    record.save()
    assert "since they were edited here" in upload(root, BUNDLE.read_text())
    record.refresh_from_db()
    assert record.title == "Edited here"
    upload(root, BUNDLE.read_text(), overwrite="on")
    record.refresh_from_db()
    assert record.title != "Edited here"


def test_a_bundle_with_problems_changes_nothing_and_stays_to_be_mended(root: Client) -> None:
    broken = BUNDLE.read_text().replace("http: GET", "http: FETCH", 1) + "# <b>the end</b>\n"
    shown = compared(root, broken)
    assert "Nothing was changed." in shown
    assert ".http: " in shown
    assert "# &lt;b&gt;the end&lt;/b&gt;" in shown
    assert not Integration.objects.exists()
    mended = root.post(IMPORT, {"text": broken.replace("http: FETCH", "http: GET")}).content.decode()
    assert "FuseDesk is loaded" in confirmed(root, mended)


def test_what_a_bundle_would_change_is_shown_before_it_does(root: Client, integration: Integration) -> None:
    before = list(Documentation.objects.values()), Integration.objects.values().get()
    assert ">Nothing</span>" in compared(root, BUNDLE.read_text())
    shown = compared(root, BUNDLE.read_text().replace("label: FuseDesk", "label: FuseDesk EU", 1))
    assert "label: changed" in shown
    assert (list(Documentation.objects.values()), Integration.objects.values().get()) == before
    assert "FuseDesk EU is loaded" in confirmed(root, shown)


def test_what_was_shown_is_done_once_and_only_for_who_saw_it(root: Client) -> None:
    shown = compared(root, BUNDLE.read_text())
    other = User.objects.create(username="other", is_staff=True, is_superuser=True)
    assert "not held any more" in confirmed(browser(other), shown)
    assert "not held any more" in root.post(CONFIRM, {"held": ""}, follow=True).content.decode()
    assert not Integration.objects.exists()
    assert "FuseDesk is loaded" in confirmed(root, shown)
    assert "not held any more" in confirmed(root, shown)


def test_a_change_in_between_asks_for_another_look(root: Client, integration: Integration) -> None:
    shown = compared(root, BUNDLE.read_text())
    integration.touch()
    assert "Somebody changed the integration in the meantime" in confirmed(root, shown)


def test_confirming_needs_the_rights_to_import_and_a_post(root: Client) -> None:
    editor = browser(staff("accounts.view_integration"))
    assert editor.post(CONFIRM, {"held": "x"}).status_code == 403
    assert root.get(CONFIRM).status_code == 405


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not text in UTF-8"),
        (b"a: [", "neither YAML nor JSON"),
        (b"a: 1", "not a bundle"),
        (b" ", "Choose"),
    ],
)
def test_what_is_no_bundle_is_refused_with_the_reason(root: Client, content: bytes, words: str) -> None:
    assert words in root.post(IMPORT, {"file": SimpleUploadedFile("b.yaml", content)}).content.decode()


def test_a_file_that_is_too_large_is_refused(root: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1024
    assert "larger than 1,024 bytes" in compared(root, "#" * 2000)


def test_importing_needs_the_rights_to_what_a_bundle_changes(integration: Integration) -> None:
    editor = browser(staff("accounts.view_integration", "accounts.add_integration", "accounts.change_integration"))
    assert editor.get(IMPORT).status_code == 403
    assert "Import bundle" not in editor.get(listing(integration)).content.decode()


def test_exporting_needs_the_right_to_view(integration: Integration) -> None:
    address = f"/admin/accounts/integration/{integration.pk}/export-bundle/"
    assert browser(staff("tools.view_documentation")).get(address).status_code == 403


def test_an_integration_with_accounts_is_not_deleted(
    root: Client, integration: Integration, account: IntegratedAccount
) -> None:
    root.post(page(integration, "delete"), {"post": "yes"})
    assert Integration.objects.filter(pk=integration.pk).exists()


def test_deleting_an_integration_tells_and_leaves_a_trace(
    root: Client, integration: Integration, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        root.post(page(integration, "delete"), {"post": "yes"})
    assert not Documentation.objects.exists()
    assert [(change.kind, change.id) for change in heard] == [(ChangeKind.INTEGRATION, integration.pk)]
    assert AuditEntry.objects.latest("pk").action == "integration.deleted"


def test_the_list_takes_as_many_queries_for_many_integrations_as_for_one(
    root: Client, integration: Integration
) -> None:
    one = queries(root, listing(integration))
    for number in range(5):
        Integration.objects.create(name=f"other_{number}", label=f"Other {number}", definition=integration.definition)
    assert queries(root, listing(integration)) == one <= 8
