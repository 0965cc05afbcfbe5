"""Read the history of documentation records and definitions: versions, and what differs between two of them."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from accounts.texts.counting import counted
from tools.models.history import acting

WORDS = re.compile(r"\s+|[^\s]+")
CONTEXT = 3
# Comparing more takes longer than anybody waits; both versions are shown whole instead.
MAX_WORDS = 3_000
MAX_LINES = 4_000


class PieceKind(StrEnum):
    """What happened to a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Piece:
    """A piece of text between two versions; `text` is what somebody typed, and not safe to show as HTML."""

    part: PieceKind
    text: str


@dataclass(frozen=True)
class FieldChange:
    """The change of one field. `by_line` says whether each piece is a line."""

    field: str
    label: str
    by_line: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Version:
    """One version: which, when, by whom and why; `changed` names the fields that differ from the previous one."""

    id: int
    at: datetime
    by: str
    why: str
    kind: str
    changed: tuple[str, ...]
    is_current: bool = False


KINDS = {"+": "created", "~": "changed", "-": "deleted"}


def versions_of(rows: Sequence[Any], fields: Sequence[str], before_first: Any = None) -> list[Version]:
    """Return versions, newest first like the rows; `before_first` is the row before the oldest of them, if any."""
    older = [*rows[1:], before_first]
    return [
        Version(
            id=row.history_id,
            at=row.history_date,
            by=str(row.history_user) if row.history_user is not None else "",
            why=row.history_change_reason or "",
            kind=KINDS[row.history_type],
            changed=tuple(changed_fields(before, row, fields)) if before is not None else (),
            is_current=place == 0 and row.history_type != "-",
        )
        for place, (row, before) in enumerate(zip(rows, older, strict=True))
    ]


def changed_fields(before: Any, after: Any, fields: Iterable[str]) -> Iterator[str]:
    """Yield the names of the fields in which two versions differ; the order of members counts, since models read it."""
    for name in fields:
        if _text(getattr(before, name)) != _text(getattr(after, name)):
            yield name


def changes_between(before: Any, after: Any, fields: Iterable[str]) -> list[FieldChange]:
    """Return what changed from one row to another, field by field; `before` is None for the first version."""
    found = []
    for name in fields:
        old = getattr(before, name) if before is not None else None
        new = getattr(after, name)
        if before is not None and _text(old) == _text(new):
            continue
        if before is None and new in ("", {}, None):
            continue
        by_line = isinstance(new, dict | list) or isinstance(old, dict | list)
        pieces = line_pieces(_text(old), _text(new)) if by_line else word_pieces(_text(old), _text(new))
        label = after._meta.get_field(name).verbose_name
        found.append(FieldChange(name, str(label), by_line, tuple(pieces)))
    return found


def _text(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value)


def word_pieces(before: str, after: str) -> Iterator[Piece]:
    """Yield the pieces of two texts, compared word by word."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    for part, words in _pieces(old, new, MAX_WORDS):
        if words:
            yield Piece(part, "".join(words))


def line_pieces(before: str, after: str) -> Iterator[Piece]:
    """Yield a document's changed lines with CONTEXT lines around them, and a note for the lines left out."""
    old, new = before.splitlines(), after.splitlines()
    blocks = [(part, list(lines)) for part, lines in _pieces(old, new, MAX_LINES) if lines]
    for place, (part, lines) in enumerate(blocks):
        if part is not PieceKind.SAME:
            yield from (Piece(part, line) for line in lines)
            continue
        head = lines[:CONTEXT] if place else []
        tail = lines[max(len(head), len(lines) - CONTEXT) :] if place < len(blocks) - 1 else []
        left_out = len(lines) - len(head) - len(tail)
        yield from (Piece(PieceKind.SAME, line) for line in head)
        if left_out:
            yield Piece(PieceKind.SKIPPED, f"{counted(left_out, 'line')} unchanged")
        yield from (Piece(PieceKind.SAME, line) for line in tail)


def _pieces(old: list[str], new: list[str], most: int) -> Iterator[tuple[PieceKind, list[str]]]:
    """Yield the common, removed and added parts; a common beginning or end is set apart before comparing."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield PieceKind.SAME, old[:start]
    yield from _compared(old[start : len(old) - end], new[start : len(new) - end], most)
    yield PieceKind.SAME, old[len(old) - end :]


def _compared(old: list[str], new: list[str], most: int) -> Iterator[tuple[PieceKind, list[str]]]:
    if not old or not new or len(old) + len(new) > most:
        yield PieceKind.REMOVED, old
        yield PieceKind.ADDED, new
        return
    # Without autojunk, which would ignore what is frequent in a long text.
    for kind, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if kind == "equal":
            yield PieceKind.SAME, old[old_from:old_to]
        else:
            yield PieceKind.REMOVED, old[old_from:old_to]
            yield PieceKind.ADDED, new[new_from:new_to]


__all__ = ["FieldChange", "Piece", "PieceKind", "Version", "acting", "changed_fields", "changes_between", "versions_of"]
