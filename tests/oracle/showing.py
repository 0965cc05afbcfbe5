"""What a model must see of a documented answer: every value in it, under its name."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from tests.oracle.drawing import Drawer, Undrawable, Wish
from tests.oracle.reading import Content, Operation, Response
from tests.oracle.schemas import Schemas

EXACT = 2**53
# What only leads to other pages, and is replaced by a cursor of the product's where a list is paged.
LEADING = re.compile(
    r"next|prev|cursor|link|page|more|limit|offset|total|count|first|last|self|start|end|size|url|href|has_|before|after",
    re.I,
)
# Members by which an answer says that it is a failure, and the values with which it does not.
FAILURES = re.compile(r"^(errors?|error_?(message|code|description|detail)s?|failures?|faults?|warnings?)$", re.I)
SUCCESSES = re.compile(r"^(success|ok|succeeded|is_?success)$", re.I)
REASONS = re.compile(
    r"^(message|msg|error|errors|error_?message|error_?description|detail|details|title|description|reason|fault|fault_?string|summary)$",
    re.I,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f]|\\u\{0*(?:1?[0-9a-f]|7f)\}", re.I)
Leaf = tuple[str, str]
WISHES = (
    Wish(for_answer=True),
    Wish(for_answer=True, optional=False),
    Wish(for_answer=True, nulls=True),
    Wish(for_answer=True, empty=True),
    Wish(for_answer=True, least=True),
    Wish(for_answer=True, lookalike=True),
    Wish(for_answer=True, further=True),
)


class Answers:
    """Draws the answers of a document's operations."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._drawer = Drawer(schemas, seed=11)

    def successes(self, operation: Operation) -> Iterator[tuple[int, Content | None, Any]]:
        """Yield documented answers of success: status, format, and value."""
        documented = operation.successes or [each for each in operation.responses if each.status == "default"]
        for response in documented:
            status = int(response.status) if response.status.isdigit() else 200
            content = chosen(response)
            if content is None:
                yield status, None, None
                continue
            for wish in WISHES:
                try:
                    yield status, content, without_failure(self._drawer.value(content.schema, wish))
                except Undrawable:
                    continue

    def failures(self, operation: Operation) -> Iterator[tuple[int, Any]]:
        """Yield documented answers of failure."""
        for response in operation.responses:
            content = chosen(response)
            if (
                response.status[:1] in {"4", "5"}
                and response.status.isdigit()
                and content is not None
                and content.is_json
            ):
                try:
                    yield int(response.status), self._drawer.value(content.schema, Wish(for_answer=True))
                except Undrawable:
                    continue


def chosen(response: Response) -> Content | None:
    """Return the format that an answer comes in: JSON if that is documented."""
    formats = sorted(response.contents, key=lambda each: (not each.is_json, "text" not in each.plain_type))
    return formats[0] if formats else None


def without_failure(value: Any) -> Any:
    """Return an answer that does not say by the way that it is a failure."""
    if not isinstance(value, dict):
        return value
    made = {}
    for name, each in value.items():
        if FAILURES.match(name):
            continue
        made[name] = True if isinstance(each, bool) and SUCCESSES.match(name) else each
    return made


def leaves(value: Any, name: str = "", *, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every scalar in a value, with the names of the members that lead to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, key, names=(*names, key))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, name, names=(*names, "[]"))
    elif value is not None:
        yield names, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and abs(value) <= EXACT:
        return repr(float(value))
    # A model sees control characters by their numbers.
    return repr(value) if isinstance(value, float) else CONTROL.sub("", str(value))


def _leaf(names: tuple[str, ...], text: str) -> Leaf:
    last = names[-1] if names else ""
    return ("" if last == "[]" else last), text


def lost(answer: Any, shown: Any, *, is_paged: bool) -> list[str]:
    """Return the values of an answer that are not among what is shown, each with its place."""
    seen: Counter[Leaf] = Counter()
    for names, text in leaves(shown):
        seen[_leaf(names, text)] += 1
        if names and names[-1] != "[]":
            seen["", text] += 1
    missing = []
    needed = [(names, text) for names, text in leaves(answer) if not _may_go(names, text, is_paged=is_paged)]
    for names, text in needed:
        leaf = _leaf(names, text)
        if seen[leaf] > 0:
            seen[leaf] -= 1
        else:
            missing.append(f"{'.'.join(names)} = {text[:40]}")
    return missing


def _may_go(names: tuple[str, ...], text: str, *, is_paged: bool) -> bool:
    # An empty text beside a result says nothing.
    return not text or (is_paged and _only_leads(names)) or _only_says_success(names, text)


def _only_leads(names: tuple[str, ...]) -> bool:
    """Return whether a value stands beside a list, in what leads to its other pages."""
    beside = takewhile(lambda name: name != "[]", names)
    return any(map(LEADING.search, beside))


def _only_says_success(names: tuple[str, ...], text: str) -> bool:
    """Return whether a value beside the result says only that there is one: `ok: true`, `type: list`."""
    if len(names) != 1:
        return False
    return (
        (SUCCESSES.match(names[0]) is not None and text == "true")
        or (names[0] in {"type", "object"} and "list" in text)
        or (names[0] == "status" and text in {"None", "null", "true", "0.0"})
    )


def reasons(failure: Any) -> list[str]:
    """Return the texts of a failure that say why."""
    return [
        text for names, text in leaves(failure)
        if all(name == "[]" or REASONS.match(name) for name in names) and text.startswith("text ")
    ]  # fmt: skip
