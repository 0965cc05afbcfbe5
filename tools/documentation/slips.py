"""Slips in the YAML of a bundle: where it means something else than its author sees.

The parser's events have what the values have lost: how a scalar was written, and where.
"""

import re
from typing import Any

import yaml

# RFC 8259, section 6.
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
# A version such as 1.10 becomes the number 1.1.
LOSES_ZEROS = re.compile(r"[0-9]+\.[0-9]+0")
# YAML's own words, which are refused as no JSON.
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
LONGEST = 60


class Slips:
    """Collects the slips of a document while it is read: `found` has one sentence for each, with its line."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def key(self, key: Any, event: yaml.Event, earlier: dict[Any, int]) -> None:
        """Look at a key; `earlier` has the lines of those before it in the same object, and gets this one's."""
        written = getattr(event, "value", key)
        line, _ = _line_and_column(event)
        if not isinstance(key, str):
            self._tell(event, f"the key {written} is read as {_read_as(key)}; put it in quotes: {_quoted(written)}.")
        elif key in earlier:
            words = f"the key {key[:LONGEST]} is there already, in line {earlier[key]}; the last would hide the first."
            self._tell(event, f"{words} Leave one of them out.")
        earlier[key] = line

    def unsaid(self, key: Any, before: Any, event: yaml.Event) -> None:
        """Tell of a key without a value in braces; `before` is the value of the member before it."""
        words = f"{str(key)[:LONGEST]!r} stands in braces without a value."
        if isinstance(before, str):
            meant = _quoted(f"{before}, {key}")
            words += f" If the comma before it belongs to the text, put the whole text in quotes: {meant}."
        else:
            words += " Give it one; null is written as null."
        self._tell(event, words)

    def number(self, value: Any, event: yaml.ScalarEvent) -> None:
        """Look at a number: what is written otherwise than in JSON may have been meant as text."""
        written = event.value
        if NOT_FINITE.fullmatch(written) or (NUMBER.fullmatch(written) and not LOSES_ZEROS.fullmatch(written)):
            return
        words = f"{written[:LONGEST]} is read as the number {value}."
        self._tell(event, f"{words} For the text, write {_quoted(written)}; else {value}.")

    def _tell(self, event: yaml.Event, words: str) -> None:
        line, column = _line_and_column(event)
        self.found.append(f"line {line}, column {column}: {words}")


def _line_and_column(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def is_unsaid(event: yaml.Event) -> bool:
    """Return whether a value is not written at all."""
    return isinstance(event, yaml.ScalarEvent) and event.value == "" and event.implicit[0] and event.style in {None, ""}


def _read_as(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return f"the number {key}"


def _quoted(text: Any) -> str:
    escaped = str(text)[: 2 * LONGEST].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
