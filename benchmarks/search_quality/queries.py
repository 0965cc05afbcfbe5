"""What a model might search for, and the operations that it means: written by hand, and made by rule.

The rules say the same as an operation's summary in other words: another verb, another number, the noun alone, the words
of the path, a slip of the keys. Their verbs are a list of their own, so that they test the product's.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import inflection

from accounts.texts.names import words_in
from tools.openapi.reading.operations import Operation

WRITTEN = Path(__file__).parent.parent / "data" / "searches.txt"
MOST_OPERATIONS = 80
# One query of so many is held out: nothing is tuned by it.
HELD_OUT = 3
VERBS = (
    ("get", "retrieve", "fetch", "read", "show", "view", "look up"),
    ("list", "show all", "browse", "find", "get all"),
    ("create", "add", "make", "make a new", "set up"),
    ("update", "change", "edit", "modify"),
    ("delete", "remove", "drop", "get rid of"),
    ("send", "deliver"),
    ("cancel", "stop", "abort"),
    ("search", "find", "look for"),
)
BY_METHOD = {"GET": "find", "POST": "new", "PUT": "change", "PATCH": "modify", "DELETE": "remove"}
SMALL = words_in("a an the of all single specific existing new list one or more several given this your some and")
ENDS = words_in("by for from to in on with using at via which that into as")
WORD = re.compile(r"[A-Z]{2,}s\b|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MOST_WORDS = 4


@dataclass(frozen=True)
class Query:
    """Words to search with; `wanted` are the keys of the operations that would do."""

    words: str
    kind: str
    wanted: frozenset[str]

    @property
    def is_held_out(self) -> bool:
        return zlib.crc32(self.words.encode()) % HELD_OUT == 0


def queries_of(name: str, operations: Sequence[Operation]) -> list[Query]:
    """Return the queries for a document, by its file's name without ending."""
    return [*written(name), *made(operations)]


def written(name: str) -> Iterator[Query]:
    """Yield the queries that were written for a document."""
    section = ""
    for line in map(str.strip, WRITTEN.read_text().splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#") and section == name:
            words, _, keys = line.partition(" = ")
            yield Query(words, "written", frozenset(keys.split(" | ")))


def made(operations: Sequence[Operation]) -> list[Query]:
    """Return the queries that rules make; what two operations share, either may answer."""
    wanted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for operation in operations:
        for kind, words in _paraphrases(operation):
            wanted[words, kind].add(operation.key)
    step = max(len(operations) // MOST_OPERATIONS, 1)
    sampled = {operation.key for operation in operations[::step]}
    return [Query(words, kind, frozenset(keys)) for (words, kind), keys in wanted.items() if keys & sampled]


def _paraphrases(operation: Operation) -> Iterator[tuple[str, str]]:
    words = [word.lower() for word in WORD.findall(operation.summary or operation.operation_id)]
    if words:
        yield from _of_summary(words, zlib.crc32(operation.key.encode()))
    segments = [segment for segment in operation.path.split("/") if segment and "{" not in segment]
    nouns = [word.lower() for segment in segments[-2:] for word in WORD.findall(segment)]
    if nouns and operation.http in BY_METHOD:
        yield "path", f"{BY_METHOD[operation.http]} {' '.join(map(inflection.singularize, nouns))}"


def _of_summary(words: list[str], seed: int) -> Iterator[tuple[str, str]]:
    group = next((group for group in VERBS if {words[0], words[0].removesuffix("s")} & {*group}), None)
    if group is None:
        return
    lead = words[0] if words[0] in group else words[0].removesuffix("s")
    rest = takewhile(lambda word: word not in ENDS, words[1:])
    nouns = [word for word in rest if word not in SMALL][:MOST_WORDS]
    if not nouns:
        return
    others = [verb for verb in group if verb != lead]
    yield "synonym", f"{others[seed % len(others)]} {' '.join(nouns)}"
    yield "number", f"{lead} {' '.join([*nouns[:-1], _other_number(nouns[-1])])}"
    yield "noun", " ".join(nouns)
    longest = max(nouns, key=len)
    if len(longest) > 4:
        slip = _slip(longest, seed)
        yield "slip", f"{lead} {' '.join(slip if word == longest else word for word in nouns)}"


def _other_number(noun: str) -> str:
    singular = inflection.singularize(noun)
    return inflection.pluralize(noun) if singular == noun else singular


def _slip(word: str, seed: int) -> str:
    """Return a word with one letter gone, doubled, exchanged with the next or another."""
    place = 1 + seed % (len(word) - 2)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    return (
        before + after,
        before + letter + letter + after,
        before + after[0] + letter + after[1:],
        before + ("e" if letter != "e" else "a") + after,
    )[seed // 7 % 4]
