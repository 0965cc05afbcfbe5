"""Importing a description in the browser, and the review of its drafts."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry, Integration
from tests.admin_site import act, browser, staff, superuser
from tests.bundles import OPERATOR
from tests.hearing import hearing
from tests.pages import as_read
from tests.tools.openapi.documents import DESK_30, answering, described, operation
from tools.catalogue.compilation import build
from tools.models import Documentation
from tools.openapi.importing import prepare

pytestmark = pytest.mark.django_db
IMPORT = "/admin/accounts/integration/import-openapi/"
CONFIRM = "/admin/accounts/integration/import-confirm/"
RIGHTS = [f"{app}.{right}_{model}" for app, model in (("accounts", "integration"), ("tools", "documentation"))
          for right in ("view", "add", "change")]  # fmt: skip


@pytest.fixture
def root() -> Client:
    return browser(superuser())


@pytest.fixture
def acme() -> Integration:
    """The imported helpdesk, all of it drafts."""
    return prepare(DESK_30, name="acme").load(OPERATOR).integration


def upload(client: Client, text: str | bytes, **more: str) -> str:
    content = text.encode() if isinstance(text, str) else text
    values = {"file": SimpleUploadedFile("api.yaml", content), "name": "acme", **more}
    return client.post(IMPORT, values).content.decode()


def confirm(client: Client, shown: str) -> str:
    key = re.findall(r'name="held" value="(\w+)"', shown)[0]
    return client.post(CONFIRM, {"held": key}, follow=True).content.decode()


def review(integration: Integration, query: str = "") -> str:
    return f"/admin/accounts/integration/{integration.pk}/review-drafts/{query}"


def do(
    client: Client, integration: Integration, action: str, *rows: Documentation, query: str = "", **more: str
) -> str:
    values: dict[str, Any] = {"do": action, "row": [str(row.pk) for row in rows], **more}
    return client.post(review(integration, query), values, follow=True).content.decode()


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def row(key: str) -> Documentation:
    resource, _, method = key.partition(".")
    return Documentation.objects.get(resource=resource, method=method)


class TestUpload:
    """A description is read, shown, and imported once that is confirmed."""

    def test_what_would_come_of_it_is_shown_first_and_then_done(self, root: Client) -> None:
        shown = upload(root, DESK_30)
        assert "19" in shown
        assert "13 would pass the quality gate as they are" in shown
        assert "it only answers with a redirect, which is not followed." in shown
        assert not Integration.objects.exists()
        reviewed = confirm(root, shown)
        assert "Acme Desk is imported. Nothing is published yet" in reviewed
        assert "list_all_acme_tickets" in reviewed
        assert Documentation.objects.filter(published=False).count() == 13
        entry = AuditEntry.objects.latest("pk")
        assert (entry.action, entry.details["created"]) == ("integration.description_loaded", 13)

    def test_importing_again_shows_the_difference_and_keeps_what_was_edited(
        self, root: Client, acme: Integration
    ) -> None:
        edited = row("tickets.close")
        edited.title = "Close, but kindly"
        edited.save()
        shown = upload(root, DESK_30.replace("summary: List tickets", "summary: List all tickets"))
        assert "1 kept, since they were edited here" in shown
        assert "1 record changed" in shown
        confirm(root, shown)
        assert (row("tickets.close").title, row("tickets.list").title) == ("Close, but kindly", "List all tickets")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (b"\xff\xfe", "not text in UTF-8"),
            ("a: [", "neither YAML nor JSON"),
            ("a: 1", "The file is not an OpenAPI document"),
            (described({"/a": {"get": operation()}}, servers=[{"url": "/"}]), "does not say where the API is"),
        ],
    )
    def test_what_cannot_be_imported_is_refused_with_the_reason(self, root: Client, text: Any, words: str) -> None:
        assert words in upload(root, text)
        assert not Integration.objects.exists()

    def test_a_name_that_is_none_is_refused(self, root: Client) -> None:
        assert "lower-case letters" in upload(root, DESK_30, name="Acme Desk")

    def test_a_file_that_is_too_large_is_refused(self, root: Client, settings: Any) -> None:
        settings.MAX_UPLOAD_BYTES = 1024
        assert "larger than 1,024 bytes" in upload(root, DESK_30)

    def test_a_definition_that_does_not_fit_any_more_is_shown_with_its_place(
        self, root: Client, acme: Integration
    ) -> None:
        acme.definition["pagination"] = {"kind": "guess"}
        acme.save()
        assert "pagination: " in upload(root, DESK_30)

    def test_importing_needs_the_rights_to_what_it_changes(self) -> None:
        assert browser(staff("accounts.view_integration", "accounts.add_integration")).get(IMPORT).status_code == 403

    def test_words_of_the_description_are_shown_as_text(self, root: Client) -> None:
        text = described({"/a<b>": {"get": operation(summary="See &lt;script&gt;alert(1)&lt;/script&gt; it")}})
        shown = confirm(root, upload(root, text))
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown


class TestReview:
    """Drafts are accepted, edited or dropped, and carried out together."""

    def test_each_draft_is_shown_with_what_it_comes_to(self, root: Client, acme: Integration) -> None:
        shown = root.get(review(acme)).content.decode()
        for words in ("/v2/tickets/{ticket_id}/close", "acme_tickets_close", "Close", "Passes"):
            assert words in shown
        assert f"/admin/tools/documentation/{row('tickets.close').pk}/change/" in shown

    def test_drafts_are_filtered_by_verdict_decision_and_words(self, root: Client, acme: Integration) -> None:
        thin = row("tickets.close")
        thin.description = "Thin."
        thin.save()
        assert "All 1 that match" in as_read(root.get(review(acme, "?gate=needs-work")).content.decode())
        assert "is too thin" in root.get(review(acme, "?gate=needs-work")).content.decode()
        assert "All 12 that match" in as_read(root.get(review(acme, "?gate=passes")).content.decode())
        assert "All 1 that match" in as_read(root.get(review(acme, "?q=create_a_acme_note")).content.decode())
        do(root, acme, "accept", row("tickets.list"))
        assert "All 1 that match" in as_read(root.get(review(acme, "?mark=accepted")).content.decode())
        assert "All 12 that match" in as_read(root.get(review(acme, "?mark=unmarked")).content.decode())
        assert "No draft matches." in root.get(review(acme, "?mark=dropped")).content.decode()

    def test_accepted_drafts_are_published_together_and_dropped_ones_deleted(
        self, root: Client, acme: Integration, django_capture_on_commit_callbacks: Any
    ) -> None:
        do(root, acme, "accept", row("tickets.list"), row("tickets.get"))
        do(root, acme, f"drop:{row('notes.create').pk}")
        assert not Documentation.objects.filter(published=True).exists()
        with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
            said = do(root, acme, "publish")
        assert "2 published, 1 dropped." in said
        assert "0 accepted, 0 dropped of 10" in said
        assert {tool.name for tool in build(acme)} == {"list_all_acme_tickets", "get_single_acme_ticket_by_id"}
        assert not Documentation.objects.filter(resource="notes", method="create").exists()
        assert len(heard) == 1
        assert AuditEntry.objects.latest("pk").details == {"published": 2, "dropped": 1, "held": 0}

    def test_all_that_match_are_accepted_at_once(self, root: Client, acme: Integration) -> None:
        do(root, acme, "accept", query="?gate=passes", matching="1")
        assert "13 published" in do(root, acme, "publish")
        assert "No draft waits" in root.get(review(acme)).content.decode()

    def test_drafts_are_accepted_by_tag_and_where_they_have_none_by_resource(
        self, root: Client, acme: Integration
    ) -> None:
        thin = row("tickets.close")
        thin.description = "Thin."
        thin.save()
        acme.refresh_from_db()
        acme.definition["resources"]["tickets"]["tool_tags"] = ["tickets", "support"]
        acme.definition["resources"]["notes"]["tool_tags"] = ["support"]
        acme.definition["resources"]["labels"]["tool_tags"] = []
        acme.definition["tool_tags"] = {}
        acme.save()
        shown = words_of(root.get(review(acme)).content.decode())
        assert re.search(r"support 10 4 6 [\d,]+ 9 0 Accept", shown)
        assert re.search(r"labels resource 1 0 1 \d+ 1 0 Accept", shown)
        assert "9 accepted, 0 dropped of 13" in words_of(do(root, acme, "accept-group:tag:support"))
        assert "All 8 that match" in words_of(root.get(review(acme, "?group=tag:tickets")).content.decode())
        assert "2 accepted" in words_of(do(root, acme, "clear-group:tag:tickets"))
        assert "3 accepted" in words_of(do(root, acme, "accept-group:resource:labels"))
        assert "3 published" in do(root, acme, "publish")

    def test_more_than_a_hundred_at_once_are_confirmed_with_their_tokens(self, root: Client) -> None:
        paths = {f"/things{number}": {"get": answering({"type": "array"})} for number in range(101)}
        many = prepare(described(paths), name="acme").load(OPERATOR).integration
        assert "101 records are too many at once" in act(root, "publish", *Documentation.objects.all())
        assert not Documentation.objects.filter(published=True).exists()
        do(root, many, "accept", matching="1")
        asked = words_of(do(root, many, "publish"))
        assert "Publish 101 drafts at once?" in asked
        assert re.search(r"101 read, 0 write. A server with all of them takes about [\d,]+ tokens", asked)
        assert "Publish 101 drafts at once?" in do(root, many, "publish", confirmed="100")
        assert not Documentation.objects.filter(published=True).exists()
        assert "101 published" in do(root, many, "publish", confirmed="101")

    def test_what_the_gate_holds_back_stays_an_accepted_draft(self, root: Client, acme: Integration) -> None:
        do(root, acme, "accept", query="", matching="1")
        thin = row("tickets.close")
        thin.description = "Thin."
        thin.save()
        said = do(root, acme, "publish")
        assert "12 published" in said
        assert "holds 1 back; they stay drafts: tickets.close" in said
        assert "1 accepted, 0 dropped of 1" in said

    def test_a_decision_can_be_undone(self, root: Client, acme: Integration) -> None:
        do(root, acme, "drop", row("tickets.list"))
        assert "0 accepted, 0 dropped of 13" in do(root, acme, "clear", row("tickets.list"))
        assert "No draft is accepted yet." in do(root, acme, "publish")
        assert "First tick the drafts that you mean." in do(root, acme, "accept")

    def test_nothing_is_published_with_a_definition_that_does_not_fit(self, root: Client, acme: Integration) -> None:
        do(root, acme, "accept", query="", matching="1")
        acme.definition["pagination"] = {"kind": "guess"}
        acme.save()
        assert "Nothing was published: the definition does not fit." in do(root, acme, "publish")
        assert not Documentation.objects.filter(published=True).exists()

    def test_a_hundred_drafts_come_in_pages_with_few_queries(
        self, root: Client, django_assert_max_num_queries: Any
    ) -> None:
        paths = {f"/things{number}": {"get": answering({"type": "array"})} for number in range(120)}
        many = prepare(described(paths), name="acme").load(OPERATOR).integration
        root.get(review(many))
        with django_assert_max_num_queries(12):
            shown = root.get(review(many, "?page=3")).content.decode()
        assert "list_all_acme_things_119" in shown
        assert shown.count('name="row"') == 20

    def test_reviewing_needs_the_right_to_change_and_dropping_that_to_delete(self, acme: Integration) -> None:
        assert browser(staff("accounts.view_integration")).get(review(acme)).status_code == 403

    def test_who_may_not_delete_cannot_drop(self, acme: Integration) -> None:
        editor = browser(staff(*RIGHTS))
        assert ">Drop</button>" not in editor.get(review(acme)).content.decode()
        pressed = editor.post(review(acme), {"do": "drop", "row": [str(row("tickets.list").pk)]})
        assert pressed.status_code == 403
