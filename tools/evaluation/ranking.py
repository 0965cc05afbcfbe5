"""Ask the search instead of a language model: at which place does it find the tool that a question needs?

The same words give the same places, without a key and without costs, so that a build can hold them. It reads words and
no meaning: see docs/evaluation.md for what that tells, and what not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.catalogue.compilation import Catalogue
from tools.evaluation.questions import Question
from tools.search.finding import index_over

# Within so many places a model that searches sees the tool at its first look.
SEEN = 5


@dataclass(frozen=True)
class Ranked:
    """The place, from 1, at which the tool of a question's first call is found; None if it is not."""

    question: str
    rank: int | None

    @property
    def is_right(self) -> bool:
        """Whether it is among the first SEEN."""
        return self.rank is not None and self.rank <= SEEN


def ranked(catalogue: Catalogue, questions: Iterable[Question]) -> Iterator[Ranked]:
    """Yield each question's place among the tools of a catalogue."""
    index = index_over(catalogue)
    for question in questions:
        tool = catalogue.of_method(question.calls[0].tool)
        names = index.find(question.question) if tool else []
        rank = names.index(tool.name) + 1 if tool and tool.name in names else None
        yield Ranked(question.question, rank)
