"""Admin pages of documentation records: the list, the editor, the live preview."""

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.changes import ChangeKind
from accounts.models import AuditEntry, Integration, User
from tests.admin_site import act, browser, listing, page, queries, staff, superuser
from tests.hearing import hearing
from tests.tools.admin.record_form import typed
from tools.admin.calls import DocumentationAdmin
from tools.catalogue.compilation import catalogue_of
from tools.models import Documentation

pytestmark = pytest.mark.django_db
PREVIEW = "/admin/tools/documentation/preview/"


@pytest.fixture
def root() -> Client:
    return browser(superuser())


@pytest.fixture
def record(integration: Integration) -> Documentation:
    return Documentation.objects.select_related("integration").get(resource="cases", method="list")


def tools_now(record: Documentation) -> set[str]:
    return set(catalogue_of(Integration.objects.get(pk=record.integration_id)).tools)


def test_saving_changes_the_tool_and_tells_who_and_what(
    root: Client, record: Documentation, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        root.post(page(record), typed(record, title="Find cases"))
    record.refresh_from_db()
    assert record.title == "Find cases"
    assert record.updated_by is not None
    assert record.updated_by.username == "root"
    assert {(change.kind, change.id) for change in heard} == {(ChangeKind.INTEGRATION, record.integration_id)}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.target_name) == ("documentation.changed", "fuse_desk.cases.list")
    assert entry.details == {"changed": ["title"]}


def test_the_steps_of_a_composite_stand_beside_its_record(root: Client, integration: Integration) -> None:
    record = Documentation.objects.select_related("integration").get(method="overview")
    shown = root.get(page(record)).content.decode()
    assert "Emails without a case" in shown
    assert "emails.list" in shown
    address = f"{PREVIEW}?record={record.pk}"
    said = root.post(address, typed(record, query_schema='{"type": "object", "properties": {}}')).content.decode()
    assert "the steps refer to {email}, which is not among the properties." in said


def test_examples_are_edited_beside_the_schemas_and_judged(root: Client, record: Documentation) -> None:
    assert "date_opened" in root.get(page(record)).content.decode()
    root.post(page(record), typed(record, examples='[{"status": "open"}]'))
    record.refresh_from_db()
    assert record.examples == [{"status": "open"}]
    said = root.post(f"{PREVIEW}?record={record.pk}", typed(record, examples='[{"status": "ajar"}]')).content.decode()
    assert "does not fit the arguments" in said
    assert "This must be one JSON list" in root.post(page(record), typed(record, examples="{}")).content.decode()


def test_the_method_of_a_record_does_not_change(root: Client, record: Documentation) -> None:
    root.post(page(record), typed(record, resource="chats", method="get"))
    record.refresh_from_db()
    assert record.key == "cases.list"


def test_a_draft_may_be_saved_and_is_named_with_its_reasons(root: Client, record: Documentation) -> None:
    said = root.post(page(record), typed(record, description="Thin."), follow=True).content.decode()
    assert "Saved as a draft: 1 problem" in said
    assert "description: is too thin" in root.get(page(record)).content.decode()
    assert "description: is too thin" in root.get(listing(record)).content.decode()
    assert "list_all_fuse_desk_cases" not in tools_now(record)


def test_invalid_json_is_kept_and_its_place_named(root: Client, record: Documentation) -> None:
    broken = '{\n  "type": <b>,\n  "x": 1 }'
    shown = root.post(page(record), typed(record, query_schema=broken, title="Kept too")).content.decode()
    assert "Line 2, column 11" in shown
    assert "&quot;type&quot;: &lt;b&gt;," in shown
    assert "Kept too" in shown
    assert Documentation.objects.get(pk=record.pk).title == record.title


def test_the_page_shows_the_tool_as_clients_see_it(root: Client, record: Documentation) -> None:
    shown = root.get(page(record)).content.decode()
    assert "The quality gate finds nothing wrong." in shown
    assert "tokens of every conversation" in shown
    assert "&quot;additionalProperties&quot;: false" in shown
    assert "&quot;readOnlyHint&quot;: true" in shown


def test_the_preview_answers_for_what_is_not_saved(root: Client, record: Documentation) -> None:
    shown = root.post(f"{PREVIEW}?record={record.pk}", typed(record, title="Typed just now")).content.decode()
    assert "Typed just now" in shown
    assert "not saved yet" in shown
    assert Documentation.objects.get(pk=record.pk).title == record.title
    assert Documentation.objects.get(pk=record.pk).updated_by is None


def test_the_preview_names_what_is_wrong(root: Client, record: Documentation) -> None:
    values = typed(record, description="Thin.", body_schema="{oops")
    shown = root.post(f"{PREVIEW}?record={record.pk}", values).content.decode()
    assert "description: is too thin" in shown
    assert "body_schema: Line 1, column 2" in shown


def test_the_preview_of_a_new_record_needs_an_integration(root: Client, integration: Integration) -> None:
    assert "integration: This field is required." in root.post(PREVIEW, {"title": "x"}).content.decode()
    values = {"integration": str(integration.pk), "resource": "cases", "method": "list"}
    shown = root.post(PREVIEW, values).content.decode()
    assert "description: is missing" in shown
    assert "record: Documentation record with this Integration, Resource and Method already exists." in shown


def test_the_preview_escapes_what_was_typed(root: Client, record: Documentation) -> None:
    values = typed(record, description="<img src=x onerror=alert(1)> and thirty more characters of text, at least")
    shown = root.post(f"{PREVIEW}?record={record.pk}", values).content.decode()
    assert "&lt;img src=x" in shown
    assert "<img" not in shown


def test_the_preview_is_for_those_who_may_edit(record: Documentation) -> None:
    viewer = browser(staff("tools.view_documentation"))
    assert viewer.post(f"{PREVIEW}?record={record.pk}", typed(record)).status_code == 403
    assert viewer.post(PREVIEW, typed(record)).status_code == 403
    assert Client().post(PREVIEW, typed(record)).status_code == 302


def test_the_preview_changes_nothing_by_get_and_asks_for_the_csrf_token(root: Client, record: Documentation) -> None:
    assert root.get(PREVIEW).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="root"))
    assert strict.post(f"{PREVIEW}?record={record.pk}", typed(record)).status_code == 403


def test_records_are_withdrawn_and_published_with_traces(root: Client, record: Documentation) -> None:
    act(root, "withdraw", record)
    assert "list_all_fuse_desk_cases" not in tools_now(record)
    assert AuditEntry.objects.latest("pk").action == "documentation.withdrawn"
    act(root, "publish", record)
    assert "list_all_fuse_desk_cases" in tools_now(record)
    assert AuditEntry.objects.latest("pk").action == "documentation.published"


def test_publishing_a_draft_says_that_it_stays_one(root: Client, record: Documentation) -> None:
    record.description, record.published = "Thin.", False
    record.save()
    assert "Still drafts, so not exposed: cases.list." in act(root, "publish", record)


def test_a_deleted_record_takes_its_tool_along(root: Client, record: Documentation) -> None:
    root.post(page(record, "delete"), {"post": "yes"})
    assert "list_all_fuse_desk_cases" not in tools_now(record)
    assert AuditEntry.objects.latest("pk").action == "documentation.deleted"


def test_the_list_tells_gate_state_and_cost_and_filters_by_it(root: Client, record: Documentation) -> None:
    record.description = "Thin."
    record.save()
    Documentation.objects.get(resource="chats", method="get").delete()
    drafts = root.get(listing(record, gate="draft")).content.decode()
    assert "Draft · 1 problem" in drafts
    assert "list_all_fuse_desk_chats" not in drafts
    passing = root.get(listing(record, gate="exposed")).content.decode()
    assert "list_all_fuse_desk_chats" in passing
    assert "Draft ·" not in passing


def test_the_list_tells_scores_filters_by_them_and_sorts(root: Client, record: Documentation) -> None:
    record.description = "Gets it. <p>Powerful.</p>"
    record.query_schema = {"properties": {name: {} for name in "abcdefgh"}}
    record.save()
    poor = root.get(listing(record, score="poor")).content.decode()
    assert poor.count("<meter") == 1
    assert "list_all_fuse_desk_cases" in poor
    assert "has 25 characters" in poor
    assert "list_all_fuse_desk_cases</code>" not in root.get(listing(record, score="good")).content.decode()
    column = str(DocumentationAdmin.list_display.index("score") + 1)
    ascending = root.get(listing(record, o=column)).content.decode()
    descending = root.get(listing(record, o=f"-{column}")).content.decode()
    for shown, is_first in ((ascending, True), (descending, False)):
        place = shown.index("list_all_fuse_desk_cases</code>"), shown.index("list_all_fuse_desk_chats</code>")
        assert (place[0] < place[1]) is is_first


def test_the_panel_tells_the_score_and_its_reasons_while_one_types(root: Client, record: Documentation) -> None:
    good = root.get(page(record)).content.decode()
    assert 'value="100"' in good
    words = "Powerful <em>cases</em> of all kinds, with everything that somebody could ever wish to know of them."
    shown = root.post(f"{PREVIEW}?record={record.pk}", typed(record, description=words)).content.decode()
    assert "advertises (“Powerful”)" in shown
    assert "holds markup (&lt;em&gt;)" in shown
    assert "<em>" not in shown


def test_an_edited_record_is_told_from_one_as_it_was_loaded(root: Client, record: Documentation) -> None:
    assert "<strong>edited</strong>" not in root.get(listing(record)).content.decode()
    root.post(page(record), typed(record, title="Find cases"))
    assert "<strong>edited</strong>" in root.get(listing(record)).content.decode()


def test_the_list_takes_as_many_queries_for_forty_records_as_for_one(root: Client, record: Documentation) -> None:
    many = queries(root, listing(record))
    assert Documentation.objects.count() > 30
    Documentation.objects.exclude(pk=record.pk).delete()
    assert many == queries(root, listing(record)) <= 10
