"""The questions of a bundle: refused where they name what there is not, loaded, replaced, exported."""

import json

import pytest

from tests.bundles import load_bundle
from tests.tools.evaluation.asked import BUNDLE
from tests.vendors.desk import DESK
from tools.documentation.bundles import write_bundle
from tools.errors import BundleInvalid
from tools.evaluation.matching import is_expected
from tools.evaluation.questions import ExpectedCall
from tools.models.evaluation import questions_of

ASK = (
    "\nevaluation:\n  - question: which tickets are open\n    calls: [{tool: tickets.list, arguments: {state: open}}]\n"
)
SLIPS = {
    "an unknown tool": (
        "tool: tickets.list", "tool: tickets.lsit",
        "evaluation[0].calls[0].tool: tickets.lsit is no method with a documentation record; did you mean "
        "tickets.list?",
    ),
    "an unknown argument": (
        "{state: open}", "{stat: open}",
        "evaluation[0].calls[0].arguments.stat: is not an argument of list_all_desk_tickets; did you mean state?",
    ),
    "a value that no call can have": (
        "{state: open}", "{state: opne}",
        "evaluation[0].calls[0].arguments.state: list_all_desk_tickets takes no 'opne' there.",
    ),
    "one of several such values": (
        "{state: open}", "{state: {any_of: [open, shut]}}", "list_all_desk_tickets takes no 'shut' there.",
    ),
    "an unknown key of a question": (
        "    calls:", "    cals: []\n    calls:", "evaluation[0].cals: is not a known key; did you mean calls?",
    ),
    "an unknown key of a rule": (
        "{state: open}", "{state: {contain: [open]}}",
        "evaluation[0].calls[0].arguments.state.contain: is not a known key; did you mean contains?",
    ),
    "a rule that says two things": (
        "{state: open}", "{state: {contains: [open], given: true}}", "takes exactly one of any_of, contains and given",
    ),
    "no call": ("[{tool: tickets.list, arguments: {state: open}}]", "[]", "evaluation[0].calls: List should have"),
    "an unknown tool on the way": (
        "    calls:", "    also: {queues.lst: null}\n    calls:",
        "evaluation[0].also.queues.lst: queues.lst is no method with a documentation record; did you mean queues.list?",
    ),
    "the same question twice": (
        "  - question", "  - {question: Which  tickets are open, calls: [{tool: tickets.list}]}\n  - question",
        "evaluation[1].question: is asked already, by evaluation[0].",
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("slip", SLIPS)
def test_a_question_that_nobody_could_answer_is_refused_with_its_place(slip: str) -> None:
    right, wrong, problem = SLIPS[slip]
    assert ASK.count(right) == 1
    with pytest.raises(BundleInvalid) as refused:
        load_bundle(DESK + ASK.replace(right, wrong))
    assert problem in str(refused.value)
    assert str(refused.value).startswith("line ")


@pytest.mark.django_db
def test_a_tool_that_is_withdrawn_or_not_documented_is_refused() -> None:
    withdrawn = (DESK + ASK).replace("title: List tickets", "title: List tickets\n    published: false")
    with pytest.raises(BundleInvalid, match=r"tickets\.list is withdrawn"):
        load_bundle(withdrawn)


@pytest.mark.django_db
def test_questions_are_loaded_kept_by_a_file_without_any_replaced_and_exported() -> None:
    first = load_bundle(BUNDLE)
    assert first.questions == "3 questions"
    assert len(questions_of(first.integration)) == 3
    assert not load_bundle(BUNDLE).changes_something
    assert not load_bundle(DESK).changes_something
    exported = write_bundle(first.integration)
    assert not load_bundle(exported).changes_something
    assert load_bundle(DESK + ASK).questions == "1 question"
    assert [each["question"] for each in questions_of(first.integration)] == ["which tickets are open"]
    load_bundle(f"{DESK}\nevaluation: []\n")
    assert questions_of(first.integration) == []


MATCHES = [
    ({"state": "open"}, {"state": " OPEN ", "more": 1}, True),
    ({"state": "open"}, {"state": "closed"}, False),
    ({"state": "open"}, {}, False),
    ({"id": 7}, {"id": "7"}, True),
    ({"id": "7"}, {"id": 7.0}, True),
    ({"urgent": True}, {"urgent": True}, True),
    ({"urgent": True}, {"urgent": False}, False),
    ({"urgent": True}, {"urgent": 1}, False),
    ({"tags": ["b", "a"]}, {"tags": ["a", "B"]}, True),
    ({"tags": ["a"]}, {"tags": ["a", "b"]}, False),
    ({"tags": "a"}, {"tags": ["a"]}, True),
    ({"by": {"any_of": ["Sam", "7"]}}, {"by": 7}, True),
    ({"by": {"any_of": ["Sam", "7"]}}, {"by": "Ana"}, False),
    ({"query": {"contains": ["urgent", "login"]}}, {"query": "priority:URGENT Login"}, True),
    ({"query": {"contains": ["urgent", "login"]}}, {"query": "priority:urgent"}, False),
    ({"query": {"contains": ["jane"]}}, {"query": {"value": [{"field": "email", "value": "jane@x"}]}}, True),
    ({"until": {"given": True}}, {"until": "x"}, True),
    ({"until": {"given": True}}, {"until": None}, False),
]


@pytest.mark.parametrize(("expected", "given", "fits"), MATCHES, ids=json.dumps)
def test_the_arguments_that_matter_are_compared_as_they_are_meant(expected: object, given: object, fits: bool) -> None:
    call = ExpectedCall.model_validate({"tool": "tickets.list", "arguments": expected})
    assert is_expected(call, "tickets.list", given) is fits  # type: ignore[arg-type]  # each is an object
    assert not is_expected(call, "tickets.get", given)  # type: ignore[arg-type]
