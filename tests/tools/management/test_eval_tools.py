"""`manage.py eval_tools`: tables for people, one object for programs, an exit status for CI."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Integration, LanguageModel
from tests.bundles import load_bundle
from tests.tools.evaluation.asked import BUNDLE, knows
from tests.vendors.application import serving
from tests.vendors.language_model import KEY, ScriptedModel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def desk() -> Integration:
    """The small integration, with questions."""
    return load_bundle(BUNDLE).integration


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("eval_tools", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_without_a_model_it_prints_the_place_of_each_tool_and_the_run_before() -> None:
    status, said = run("desk")
    assert status == 0
    assert said.splitlines()[0] == "desk, by search: 3 questions"
    assert "  Now " in said
    assert "Run before" not in said
    assert "among the first five" in said
    assert "which open tickets are urgent" in said
    assert "Run before" in run("desk")[1]


def test_a_model_answers_and_programs_get_one_object() -> None:
    with serving(ScriptedModel(script=knows)) as scripted:
        row = LanguageModel(name="Test", api="openai", base_url=f"{scripted.address}/v1", model="m-1")
        row.set_key(KEY)
        row.save()
        status, said = run("--model", "Test", "--json", "--minimum", "100")
        text = run("--model", "Test", "--questions", "2", "--no-previous")[1]
        scripted.script = ScriptedModel().script
        failed, worse = run("--model", "Test", "--minimum", "34")
    (found,) = json.loads(said)["integrations"]
    assert status == 0
    assert json.loads(said)["passes"] is True
    assert found["answered_by"] == "Test (m-1)"
    assert found["totals"]["present"] == {"asked": 3, "right": 3, "wrong_turns": 0, "tokens": 440}
    assert found["questions"][1]["present"]["calls"][1]["verdict"] == "right"
    assert "  2 right, 0 wrong turns, 220 tokens" in text
    assert failed == 1
    assert worse.count("WORSE") == 2
    assert KEY not in said + text + worse


def test_a_run_that_ended_early_fails_and_says_why() -> None:
    LanguageModel.objects.create(name="Gone", api="openai", base_url="https://127.0.0.1:1/v1", model="m")
    status, said = run("--model", "Gone")
    assert status == 1
    assert "Ended early: The language model gave no answer: no connection could be made." in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "none"], "There is no language model none. There is: none."),
        (["acme"], "There is no integration acme. There is: desk."),
        (["--minimum", "101"], "--minimum takes a number from 0 to 100."),
        (["--questions", "0"], "--questions takes a number from 1."),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_without_any_questions_it_says_where_they_come_from(desk: Integration) -> None:
    desk.question_set.delete()
    with pytest.raises(CommandError, match="Load a bundle with a part `evaluation`"):
        run()
    with pytest.raises(CommandError, match="has no questions to ask"):
        run("desk")
