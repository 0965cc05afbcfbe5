"""A run: what a model does is judged, both APIs are spoken, both versions asked, and nothing reaches a vendor."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Integration, LanguageModel
from tests.bundles import OPERATOR
from tests.tools.evaluation.asked import CREATE, LINK, LIST, knows
from tests.vendors.application import Answer
from tests.vendors.language_model import KEY, Calls, Script, ScriptedModel
from tools.evaluation.report import RunReport, report_of
from tools.evaluation.running import carry_out
from tools.evaluation.runs import KEPT, EvaluationRefused, start_run, stop_run
from tools.models import Documentation, EvaluationRun, acting
from tools.models.evaluation import LOST
from tools.tasks import run_evaluations

pytestmark = pytest.mark.django_db
Making = Callable[..., LanguageModel]


def run(integration: Integration, model: LanguageModel | None = None, **how: Any) -> RunReport:
    integration = Integration.objects.get(pk=integration.pk)
    started = start_run(integration, OPERATOR, model=model, waits=False, **how)
    carry_out(started)
    started.refresh_from_db()
    return report_of(started)


def reword(**changed: Any) -> None:
    """Change the description of the list of tickets, as an editor does."""
    record = Documentation.objects.get(resource="tickets", method="list")
    for name, value in changed.items():
        setattr(record, name, value)
    with acting(None, "tests"):
        record.save()
    record.integration.touch()


@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_a_model_that_knows_has_everything_right_in_either_api(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making, api: str
) -> None:
    scripted_model.script = knows
    report = run(desk, language_model(api))
    assert (report.run.state, report.run.problem) == ("done", "")
    assert (report.present.right, report.present.wrong_turns, report.present.asked) == (3, 0, 3)
    # Four requests, of which the stand-in says what each cost.
    assert report.present.tokens == 4 * 110
    assert report.previous is None  # no description has changed
    verdicts = [[step["verdict"] for step in row.present.steps] for row in report.rows if row.present]
    assert verdicts == [["right"], ["on the way", "right"], ["right", "right"]]


def test_wrong_turns_are_told_by_kind_and_the_model_reads_what_was_wrong(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    turns: list[Calls] = [
        [("list_all_desk_tickts", {})],
        [(LIST, {"state": "opne"}), (LIST, {"state": "closed"})],
        [("get_single_desk_ticket_by_id", {"id": "1"})],
        [(LIST, {"state": "open", "urgent": True})],
    ]
    scripted_model.script = lambda question, turn, tools: turns[turn]
    row = run(desk, language_model(), most=1).rows[0].present
    assert row is not None
    assert [step["verdict"] for step in row.steps] == [
        "no such tool", "invalid arguments", "other arguments", "other tool", "right"
    ]  # fmt: skip
    assert (row.is_right, row.wrong_turns) == (True, 4)
    read = [message["content"] for message in scripted_model.last.json()["messages"] if message["role"] == "tool"]
    assert read[0] == "There is no tool list_all_desk_tickts; nothing was done. Did you mean list_all_desk_tickets?"
    assert "The arguments do not fit list_all_desk_tickets. Nothing was sent to Desk." in read[1]
    assert "no account was asked" in read[2]


def test_a_write_that_was_not_asked_for_makes_a_question_wrong(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    right = (LIST, {"state": "open", "urgent": True})
    scripted_model.script = lambda question, turn, tools: [("delete_a_desk_ticket_by_id", {"id": 7}), right]
    row = run(desk, language_model(), most=1).rows[0].present
    assert row is not None
    assert (row.right_calls, row.is_right, row.wrong_turns) == (1, False, 1)


def test_a_model_that_stops_or_goes_on_for_ever_is_wrong_and_the_remark_says_so(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    model = language_model("anthropic")
    remarks = {}
    scripts: dict[str, Script] = {
        "stops": lambda question, turn, tools: "There are <b>none</b>.",
        "goes on": lambda question, turn, tools: [(LIST, {"state": "closed"})],
    }
    for name, script in scripts.items():
        scripted_model.script = script
        row = run(desk, model, most=1).rows[0].present
        assert row is not None
        assert not row.is_right
        remarks[name] = (row.remark, row.wrong_turns)
    assert remarks == {
        "stops": ("It stopped calling, and said: There are <b>none</b>.", 0),
        "goes on": ("It was asked 6 times, and had not made every call that the question needs.", 6),
    }


def test_the_answer_of_a_call_is_the_bundles_and_leads_to_the_next(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    def follows(question: str, turn: int, tools: dict[str, Any]) -> Any:
        if turn == 0:
            return [(CREATE, {"title": "Lids"})]
        (result,) = scripted_model.last.json()["messages"][2]["content"]
        return [(LINK, {"id": "7", "other": json.loads(result["content"])["ticket"]["id"]})]

    scripted_model.script = lambda question, turn, tools: (
        follows(question, turn, tools) if "link" in question else "No."
    )
    report = run(desk, language_model("anthropic"))
    assert [row.present.is_right for row in report.rows if row.present] == [False, False, True]


def test_each_description_is_asked_against_its_previous_version(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    reword(description="Lists the tickets of the desk, narrowed by state; the urgent ones with urgent.")
    asked: list[str] = []

    def reads(question: str, turn: int, tools: dict[str, Any]) -> Any:
        told = {tool["function"]["name"]: tool["function"] for tool in scripted_model.last.json()["tools"]}
        asked.append(told[LIST]["description"])
        return [(LIST, {"state": "open", **({"urgent": True} if "urgent" in told[LIST]["description"] else {})})]

    scripted_model.script = reads
    report = run(desk, language_model(), most=1)
    assert report.previous is not None
    assert (report.present.right, report.previous.right) == (1, 0)
    assert asked[0] != asked[1]
    assert not report.rows[0].is_worse
    # The other way round: what the previous description had right, the new one loses.
    reword(description="Lists the tickets of the desk, and nothing is said of anything else.")
    assert run(desk, report.run.language_model, most=1).rows[0].is_worse
    assert run(desk, report.run.language_model, most=1, compares=False).previous is None


def test_a_record_whose_previous_version_had_another_name_is_known_by_its_method(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    reword(tool_name="find_desk_tickets")
    scripted_model.script = lambda question, turn, tools: [
        ("find_desk_tickets" if "find_desk_tickets" in tools else LIST, {"state": "open", "urgent": True})
    ]
    report = run(desk, language_model(), most=1)
    assert report.previous is not None
    assert (report.present.right, report.previous.right) == (1, 1)


def test_the_search_is_asked_without_a_language_model(desk: Integration) -> None:
    reword(title="Look at what waits")
    first = run(desk)
    assert (first.by_search, first.run.state) == (True, "done")
    assert first.previous is not None
    ranks = [(row.present.rank, row.previous.rank) for row in first.rows if row.present and row.previous]
    assert ranks == [(4, 2), (1, 1), (2, 2)]
    again = run(desk)
    assert again.earlier == first.run
    assert again.earlier_totals == first.present == again.present


def test_a_run_ends_at_its_limits_and_keeps_what_it_has(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    scripted_model.script = knows
    report = run(desk, language_model(token_limit=250))
    assert report.run.state == "ended"
    assert report.run.problem.startswith("It has used 330 tokens, and its language model may use 250")
    assert report.present.asked == 2
    LanguageModel.objects.update(token_limit=10**6, minute_limit=0)
    report = run(desk, LanguageModel.objects.get())
    assert report.run.problem.startswith("It has taken 0 minutes, as long as it may.")


def test_tokens_that_an_address_does_not_tell_are_estimated(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    message = {"role": "assistant", "content": "No."}
    scripted_model.answers = [Answer(200, {"choices": [{"message": message}]})]
    assert run(desk, language_model(), most=1).present.tokens > 500


def test_somebody_who_stops_a_run_is_named_and_nothing_more_is_asked(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    started = start_run(desk, OPERATOR, model=language_model(), waits=False)

    def stopped(question: str, turn: int, tools: dict[str, Any]) -> Any:
        return [(LIST, {"state": "open", "urgent": True})]

    scripted_model.script = stopped
    stop_run(started, OPERATOR)
    carry_out(started)
    started.refresh_from_db()
    assert (started.state, started.problem) == ("ended", "the command tests stopped it.")
    assert scripted_model.received == []


def test_a_waiting_run_is_carried_out_by_the_task_one_at_a_time(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    scripted_model.script = knows
    assert run_evaluations() is False
    waiting = start_run(desk, OPERATOR, model=language_model())
    with pytest.raises(EvaluationRefused, match="is under way"):
        start_run(desk, OPERATOR)
    assert run_evaluations() is True
    waiting.refresh_from_db()
    assert waiting.state == "done"
    running = start_run(desk, OPERATOR, waits=False)
    EvaluationRun.objects.filter(pk=waiting.pk).update(state="waiting")
    waiting.results.all().delete()
    assert run_evaluations() is False
    # Its worker has died: it is ended by the next look, and the other one goes on.
    EvaluationRun.objects.filter(pk=running.pk).update(touched_at=timezone.now() - timedelta(hours=1))
    assert run_evaluations() is True
    running.refresh_from_db()
    assert running.problem == LOST


def test_old_runs_are_dropped(desk: Integration) -> None:
    first = run(desk).run
    for _ in range(KEPT):
        EvaluationRun.objects.under_way().update(state="done")
        start_run(desk, OPERATOR)
    assert EvaluationRun.objects.count() == KEPT
    assert not EvaluationRun.objects.filter(pk=first.pk).exists()


REFUSALS = {
    "a wrong key": (Answer(401, {"error": {"message": f"Incorrect key: {KEY}"}}), "refuses the key (HTTP 401)"),
    "an unknown model": (Answer(404, {"error": {"message": "no model m-1"}}), "no model m-1"),
    "a malformed request": (Answer(400, {"error": {"message": "tools: too many"}}), "tools: too many"),
    "a limit that lasts": (Answer(429, {}, {"retry-after": "86400"}), "is at its limit (HTTP 429)"),
    "a failure": (Answer(500, b"<h1>oops</h1>"), "fails (HTTP 500)"),
    "a redirect": (Answer(307, None, {"location": "http://other.example/"}), "leads elsewhere (HTTP 307)"),
    "another form": (Answer(200, {"choices": []}), "is no answer of the Chat Completions API"),
    "no JSON": (Answer(200, b"<html>"), "is no answer of the language model's API"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_the_address_refuses_is_told_with_what_to_do_and_without_the_key(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making, name: str
) -> None:
    answer, words = REFUSALS[name]
    scripted_model.answers = [answer]
    ended = run(desk, language_model()).run
    assert ended.state == "ended"
    assert words in ended.problem
    assert KEY not in ended.problem
    assert len(scripted_model.received) == 1


def test_a_limit_that_passes_is_waited_for(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    scripted_model.script = knows
    scripted_model.answers = [
        Answer(429, {}, {"retry-after": "0"}),
        Answer(529, {}, {"retry-after": "0"}),
    ]
    assert run(desk, language_model("anthropic"), most=1).present.right == 1
    scripted_model.answers = [Answer(429, {}, {"retry-after": "0"}) for _ in range(4)]
    assert "HTTP 429" in run(desk, LanguageModel.objects.get(), most=1).run.problem


def test_a_private_address_is_asked_only_if_the_operator_allows_it(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making, settings: Any
) -> None:
    model = language_model()
    settings.UPSTREAM_PRIVATE_HOSTS = frozenset()
    for address in (model.base_url, scripted_model.address.replace("http://127.0.0.1", "https://localhost")):
        LanguageModel.objects.update(base_url=address)
        problem = run(desk, LanguageModel.objects.get(), most=1).run.problem
        assert "not public" in problem or "not a public address" in problem
        assert "UPSTREAM_PRIVATE_HOSTS" in problem
    assert scripted_model.received == []


def test_a_key_that_cannot_be_read_and_a_model_that_is_gone_end_the_run(
    desk: Integration, language_model: Making
) -> None:
    model = language_model()
    LanguageModel.objects.update(key="k9.AAAA")
    assert "The key of Test cannot be read" in run(desk, LanguageModel.objects.get()).run.problem
    waiting = start_run(desk, OPERATOR, model=model)
    LanguageModel.objects.get().delete()
    run_evaluations()
    waiting.refresh_from_db()
    assert "was deleted" in waiting.problem


def test_an_integration_without_questions_or_tools_is_told_so(desk: Integration) -> None:
    Documentation.objects.update(published=False)
    desk.touch()
    assert "has no tools at present" in run(desk).run.problem
    desk.question_set.delete()
    with pytest.raises(EvaluationRefused, match="has no questions to ask"):
        start_run(desk, OPERATOR)


def test_a_question_whose_tool_was_withdrawn_since_is_told_so_and_not_asked(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making
) -> None:
    Documentation.objects.filter(resource="tickets", method="list").update(published=False)
    desk.touch()
    for report in (run(desk, language_model(), most=1), run(desk, most=1)):
        row = report.rows[0].present
        assert row is not None
        assert (row.is_right, row.remark) == (False, "There is no tool for tickets.list.")
    assert scripted_model.received == []


def test_neither_keys_nor_questions_nor_answers_are_logged(
    desk: Integration, scripted_model: ScriptedModel, language_model: Making, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripted_model.script = lambda question, turn, tools: "What I say is for nobody's log."
    run(desk, language_model(), most=1)
    scripted_model.answers = [Answer(401, {"error": {"message": f"Incorrect key: {KEY}"}})]
    run(desk, LanguageModel.objects.get(), most=1)
    assert len(scripted_model.received) == 2
    assert not [words for words in (KEY, "urgent", "for nobody's log") if words in caplog.text]
