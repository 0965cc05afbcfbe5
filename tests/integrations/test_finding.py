"""Whether search mode finds the tool that answers a question of a support team, by the bundled tools' texts."""

import pytest

from tests.integrations.bundled import load
from tools.catalogue.compilation import build
from tools.evaluation.questions import parse_questions
from tools.evaluation.ranking import SEEN, ranked
from tools.models.evaluation import questions_of

# How many of the questions find their tool in the first place, and among the first five.
FIRST = {"fuse_desk": 16, "zendesk": 6, "freshdesk": 10, "intercom": 8}
AMONG_FIVE = {"fuse_desk": 20, "zendesk": 10, "freshdesk": 12, "intercom": 11}
ASKED = {"fuse_desk": 21, "zendesk": 12, "freshdesk": 12, "intercom": 12}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ASKED)
def test_a_question_finds_its_tool(name: str) -> None:
    integration = load(name)
    questions = parse_questions(questions_of(integration))
    found = list(ranked(build(integration), questions))
    assert len(found) == ASKED[name]
    behind = {each.question: each.rank for each in found if each.rank != 1}
    assert sum(each.rank == 1 for each in found) >= FIRST[name], behind
    assert sum(each.rank is not None and each.rank <= SEEN for each in found) >= AMONG_FIVE[name], behind
