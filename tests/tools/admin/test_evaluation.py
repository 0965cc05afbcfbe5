"""The evaluation page: started by documentation editors alone, watched, stopped, compared; never a key on it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Integration, LanguageModel
from tests.admin_site import browser, queries, staff, superuser
from tests.bundles import load_bundle
from tests.pages import as_read
from tests.tools.evaluation.asked import BUNDLE
from tests.vendors.application import serving
from tests.vendors.language_model import KEY, ScriptedModel
from tools.models import Documentation, EvaluationRun, acting
from tools.models.evaluation import questions_of
from tools.tasks import run_evaluations

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Integration:
    """The small integration, with questions."""
    return load_bundle(BUNDLE).integration


@pytest.fixture
def editor() -> Client:
    """A documentation editor, and nothing more."""
    return browser(staff("tools.change_documentation", "tools.view_documentation", "accounts.view_integration"))


def address(integration: Integration) -> str:
    return reverse("admin:accounts_integration_evaluate", args=[integration.pk])


def shown(client: Client, integration: Integration) -> str:
    return as_read(client.get(address(integration)).content.decode())


def test_an_editor_starts_a_run_of_the_search_and_reads_what_it_found(desk: Integration, editor: Client) -> None:
    record = Documentation.objects.get(resource="tickets", method="list")
    record.title = "Look at what waits"
    with acting(None, "tests"):
        record.save()
    answer = editor.post(address(desk), {"do": "start", "model": "", "most": "2", "compares": "1"}, follow=True)
    page = as_read(answer.content.decode())
    assert "Waits for the worker" in page
    assert f'hx-get="{address(desk)}?run=' in page
    assert run_evaluations()
    page = shown(editor, desk)
    assert "Done" in page
    assert f'hx-get="{address(desk)}' not in page
    assert "which open tickets are urgent" in page
    assert "Before" in page
    assert "link ticket 7" not in page  # only two were asked
    entry = AuditEntry.objects.get(action="integration.evaluated")
    assert entry.details == {"model": "search", "questions": 2}


def test_a_language_model_is_asked_and_its_words_are_shown_as_text(desk: Integration, editor: Client) -> None:
    with serving(ScriptedModel()) as scripted:
        scripted.script = lambda question, turn, tools: (
            [("list_all_desk_tickets", {"state": "<script>alert(1)</script>"})] if turn == 0 else "<img src=x>"
        )
        model = LanguageModel(name="Test", api="anthropic", base_url=f"{scripted.address}/v1", model="m-1")
        model.set_key(KEY)
        model.save()
        editor.post(address(desk), {"do": "start", "model": str(model.pk), "most": "1"})
        assert run_evaluations()
    raw = editor.get(address(desk)).content.decode()
    assert "&lt;img src=x&gt;" in raw
    assert "<script>alert(1)" not in raw
    assert "<img src=x" not in raw
    page = as_read(raw)
    assert "0 of 1 call, 1 wrong turn, 220 tokens" in page
    assert KEY not in raw
    assert model.key not in raw
    run = EvaluationRun.objects.get()
    part = editor.get(address(desk), {"run": str(run.pk)}, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert "invalid arguments" in part


def test_a_run_is_stopped_by_its_editor_and_a_second_is_not_started_beside_it(
    desk: Integration, editor: Client
) -> None:
    editor.post(address(desk), {"do": "start"})
    answer = editor.post(address(desk), {"do": "start"}, follow=True)
    assert "An evaluation of Desk is under way." in as_read(answer.content.decode())
    run = EvaluationRun.objects.get()
    editor.post(address(desk), {"do": f"stop:{run.pk}"})
    run.refresh_from_db()
    assert (run.state, run.problem) == ("ended", "editor stopped it.")
    assert "<strong>It ended early.</strong> editor stopped it." in shown(editor, desk)


@pytest.mark.parametrize(
    "permissions", [(), ("accounts.view_integration", "accounts.change_integration", "tools.view_documentation")]
)
def test_who_may_not_change_documentation_neither_sees_nor_starts_a_run(
    desk: Integration, permissions: tuple[str, ...]
) -> None:
    client = browser(staff(*permissions))
    assert client.get(address(desk)).status_code == 403
    assert client.post(address(desk), {"do": "start"}).status_code == 403
    assert not EvaluationRun.objects.exists()
    assert Client().get(address(desk)).status_code == 302


@pytest.mark.parametrize("odd", ["x", "\0", "11111111-2222-3333-4444-555555555555", "9" * 30])
def test_odd_values_start_nothing_that_was_not_meant(desk: Integration, editor: Client, odd: str) -> None:
    for sent in ({"do": "start", "model": odd}, {"do": f"stop:{odd}"}, {"do": odd}):
        assert editor.post(address(desk), sent).status_code == 302
    assert not EvaluationRun.objects.exists()
    editor.post(address(desk), {"do": "start", "most": odd})
    assert EvaluationRun.objects.get().question_count == 3
    assert editor.get(address(desk), {"run": odd}).status_code == 200


def test_an_integration_without_questions_says_where_they_come_from(integration: Integration) -> None:
    integration.question_set.delete()
    page = shown(browser(superuser()), integration)
    assert "FuseDesk has no questions. Its bundle brings them" in page
    assert 'value="start"' not in page


def test_the_page_takes_as_many_queries_however_many_questions(desk: Integration) -> None:
    root = browser(superuser())
    root.post(address(desk), {"do": "start", "most": "1"})
    run_evaluations()
    few = queries(root, address(desk))
    EvaluationRun.objects.all().delete()
    root.post(address(desk), {"do": "start"})
    run_evaluations()
    assert queries(root, address(desk)) == few


def test_questions_come_with_a_bundle_that_is_imported_here_and_go_out_with_its_export(desk: Integration) -> None:
    root = browser(superuser())
    two = BUNDLE.partition("  - question: link")[0]
    compared = root.post("/admin/accounts/integration/import-bundle/", {"text": two}).content.decode()
    assert "2 questions to evaluate it replace those that are here." in as_read(compared)
    assert len(questions_of(desk)) == 3
    key = re.findall(r'name="held" value="(\w+)"', compared)[0]
    root.post("/admin/accounts/integration/import-confirm/", {"held": key})
    assert len(questions_of(desk)) == 2
    exported = root.get(f"/admin/accounts/integration/{desk.pk}/export-bundle/").content.decode()
    assert "which open tickets are urgent" in exported
