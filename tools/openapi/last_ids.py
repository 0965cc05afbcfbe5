"""Parameters that take the id of the last item that was received, such as `since_id`: which one leads on, by its words.

Only what is certain from names and words is taken. Where the id's own item comes again, or the order of the list is
unclear, the next page cannot be asked for without giving items twice or leaving some out.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from accounts.texts.names import words_in
from tools.openapi.shapes.merging import Schema, kinds_of

# Names that say by themselves that they lead on; those that need words; and those that lead back to older items.
SURELY_ON = words_in("startingafter startafter startafterid afterid idafter lastid lastseenid lastitemid")
ON = SURELY_ON | words_in("sinceid since after idgt fromid")
BACK = words_in("maxid beforeid idbefore before idlt")
# These may be dates as well.
BARE = words_in("since after before")
ID = re.compile(r"\bids?\b|identifier", re.IGNORECASE)
LEADS_ON = re.compile(r"\b(?:after|greater|larger|higher|above|beyond|since|following|last)", re.IGNORECASE)
LEADS_BACK = re.compile(r"\b(?:before|less|lower|smaller|below|older|earlier|preceding)", re.IGNORECASE)
GIVEN_AGAIN = re.compile(r"inclusive|including|or equal|\bat or |>=|<=|[≥≤]", re.IGNORECASE)
NEWER = re.compile(r"\b(?:newer|newest|more recent|most recent|latest)\b", re.IGNORECASE)
NEWEST_FIRST = re.compile(
    r"(?:newest|latest|most recent)\b[^.]{0,30}\bfirst|descending|reverse chronological|newest to oldest", re.IGNORECASE
)
OLDEST_FIRST = re.compile(r"oldest\b[^.]{0,30}\bfirst|ascending|oldest to newest", re.IGNORECASE)


class NamedArgument(Protocol):
    """What is read of an argument."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def schema(self) -> Schema:
        """Its schema."""

    @property
    def description(self) -> str:
        """Its description."""

    @property
    def plain_name(self) -> str:
        """Its name in lower case, letters and digits only."""


class LastIds:
    """The parameters of an operation that may take the id of the last item; `words` are the operation's."""

    def __init__(self, arguments: Sequence[NamedArgument], words: str) -> None:
        self._on = [each for each in arguments if each.plain_name in ON and _may_be_id(each)]
        self._back = [each for each in arguments if each.plain_name in BACK and _may_be_id(each)]
        self._words = words

    @property
    def exist(self) -> bool:
        """Whether there is any."""
        return bool(self._on or self._back)

    @property
    def next(self) -> str:
        """The name of the one that leads to the next page; empty if that is not certain."""
        forward = next((each for each in self._on if self._leads_on(each)), None)
        backward = next((each for each in self._back if self._leads_back(each)), None)
        if not (self._on and self._back):
            chosen = forward or backward
        elif any(each.plain_name == "sinceid" for each in self._on) or NEWEST_FIRST.search(self._words):
            chosen = backward
        else:
            says_so = forward is not None and forward.plain_name.startswith(("start", "last"))
            chosen = forward if says_so or OLDEST_FIRST.search(self._words) else None
        return chosen.name if chosen else ""

    def _leads_on(self, argument: NamedArgument) -> bool:
        says_so = argument.plain_name in SURELY_ON or LEADS_ON.search(argument.description)
        contrary = NEWER.search(argument.description) or NEWEST_FIRST.search(self._words)
        return bool(says_so) and not contrary and not GIVEN_AGAIN.search(argument.description)

    def _leads_back(self, argument: NamedArgument) -> bool:
        says_so = argument.plain_name == "beforeid" or LEADS_BACK.search(argument.description)
        contrary = OLDEST_FIRST.search(self._words) or GIVEN_AGAIN.search(argument.description)
        return bool(says_so) and not contrary


def _may_be_id(argument: NamedArgument) -> bool:
    kinds = set(kinds_of(argument.schema) or ["string"])
    if not kinds & {"string", "integer", "number"} or str(argument.schema.get("format", "")).startswith("date"):
        return False
    return argument.plain_name not in BARE or bool(ID.search(argument.description))
