"""Whether search mode finds the tool that answers a question of a support team, by the bundled tools' texts."""

import pytest

from tests.integrations.bundled import load
from tests.integrations.questions import QUESTIONS
from tools.catalogue.compilation import build
from tools.search.index import ToolIndex

# How many of the questions find their tool in the first place, and among the first five.
FIRST = {"fuse_desk": 16, "zendesk": 6, "freshdesk": 9, "intercom": 8}
AMONG_FIVE = {"fuse_desk": 20, "zendesk": 9, "freshdesk": 11, "intercom": 10}


@pytest.mark.django_db
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_finds_its_tool(name: str) -> None:
    catalogue = build(load(name))
    index = ToolIndex(catalogue)
    places = {words: index.find(words).index(tool) for words, tool in QUESTIONS[name].items()}
    behind = {words: place + 1 for words, place in places.items() if place > 0}
    assert sum(place == 0 for place in places.values()) >= FIRST[name], behind
    assert sum(place < 5 for place in places.values()) >= AMONG_FIVE[name], behind
