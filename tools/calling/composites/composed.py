"""What the steps of a composite brought, as one result: single records, one timeline, and what each part lacks."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from accounts.definition import Composite, Step
from accounts.definition.composites import CANDIDATES, NOTE, PARTS, TIMELINE
from tools.calling.composites.references import FilledCall
from tools.calling.fitting import shortened
from tools.calling.results import CallResult, structured
from tools.calling.shaping import ResultDocument, Surroundings, shape_value
from tools.catalogue.projection import kept, tree_of
from tools.catalogue.result_arguments import DETAIL, FULL
from tools.catalogue.tool import Tool
from tools.moments import moment_of
from tools.ratelimits import RateLimits

MOST_CANDIDATES = 20
# What repeats an argument in words takes no more of it.
MOST_OF_VALUE = 80
LIMIT = "limit"
# A concise overview shows no more characters of a text.
MOST_TEXT = 600
LEFT_OUT = "What is left out is had by a call of the tool that `more` of its part names, with these arguments."
EXCERPTS = f"Texts are shown up to {MOST_TEXT} characters; detail: full shows them whole."


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a step brought, and its date; `of` is what it was asked for by, where a step asks for several."""

    record: Any
    at: Any = None
    of: Any = None

    @property
    def moment(self) -> float:
        """Its place in time; of a record without a date, before all others."""
        return moment_of(self.at) or 0.0


@dataclass
class Part:
    """What one step brought: its records, newest first, by which call, and why some are missing.

    `count` is how many records came, `has_more` that the vendor has others. Of a step for each record of another,
    `read` is how many it went through, and `readable` how many there were.
    """

    step: Step
    found: list[Found] = field(default_factory=list)
    tool: Tool | None = None
    call: FilledCall | None = None
    count: int = 0
    total: int | None = None
    has_more: bool = False
    read: int = 0
    readable: int = 0
    failed: str = ""
    not_asked: str = ""
    is_guess: bool = False

    @property
    def single(self) -> Any:
        """The one record of a step that has one; None where it is not certain which."""
        is_certain = self.step.one is not None and len(self.found) == 1 and not self.is_guess
        return self.found[0].record if is_certain else None

    def keep(self, found: list[Found]) -> None:
        """Keep the newest of the records that came, as many as the step shows."""
        self.found, self.count = _newest(found, self.step.most), len(found)
        self.has_more = self.has_more or len(self.found) < self.count

    def keep_of_each(self, brought: list[list[Found]]) -> None:
        """Keep the newest of what each of several calls brought."""
        self.found = [found for each in brought for found in _newest(each, self.step.of_each)]
        self.count = sum(map(len, brought))

    def narrowed(self, record: Any) -> Any:
        """Return a record with its concise members; one that has none of them is another, and stays whole."""
        members = self.step.show
        if members is None and not self.step.entries and self.tool:
            members = [*self.tool.concise]
        return (kept(record, tree_of(members)) or record) if members else record

    def shown(self, record: Any, *, full: bool) -> Any:
        """Return a record as it is shown."""
        return record if full else shortened(self.narrowed(record), MOST_TEXT)

    @property
    def _lacks_some(self) -> bool:
        return bool(self.failed) or self.has_more or self.read < self.readable or len(self.found) < self.count

    def row(self, *, is_cut: bool) -> dict[str, Any]:
        """Return what is told of the part; where it lacks something, or the result is cut, also which call has it."""
        row: dict[str, Any] = {"shown": len(self.found)}
        if is_cut or self.count > len(self.found):
            row["found"] = self.count
        if self.total is not None and self.total > self.count:
            row["total"] = self.total
        if self.read < self.readable:
            row["read"] = f"{self.read} of {self.readable} {self.step.foreach}, the newest"
        if self.tool and self.call and (self._lacks_some or (is_cut and self.found)):
            given = self.call.of_any(self.step.foreach) if self.step.foreach else self.call.arguments
            arguments = {name: value for name, value in given.items() if name != LIMIT}
            row["more"] = {"tool": self.tool.name, "arguments": arguments}
        told = {"failed": self.failed, "not_asked": self.not_asked}
        return row | {name: words for name, words in told.items() if words}


def _newest(found: list[Found], most: int) -> list[Found]:
    return sorted(found, key=lambda each: each.moment, reverse=True)[:most]


@dataclass
class Composed:
    """What the steps brought, by their names in the definition's order; `unclear` is the step without its one record.

    `remarks` are what the calls said beside their records, `hidden` how many characters they show as escapes.
    """

    parts: dict[str, Part]
    unclear: str = ""
    limits: RateLimits = field(default_factory=RateLimits)
    remarks: list[str] = field(default_factory=list)
    hidden: int = 0

    @property
    def has_excerpts(self) -> bool:
        """Whether a concise result shortens any text."""
        return any(
            part.shown(found.record, full=False) != part.narrowed(found.record)
            for part in self.parts.values()
            for found in part.found
        )

    @classmethod
    def of(cls, composite: Composite) -> "Composed":
        """Return what is there before any step is made."""
        return cls({name: Part(step) for name, step in composite.steps.items()})


def composed_result(
    tool: Tool, used: dict[str, Any], composed: Composed, *, budget: int, remarks: tuple[str, ...] = ()
) -> CallResult:
    """Return the result of a composite: newest first, within the budget, in tokens, with what that left out."""
    full = used.get(DETAIL) == FULL
    excerpts = (EXCERPTS,) if composed.has_excerpts and not full else ()
    beside = Surroundings(remarks=(*excerpts, *remarks, *composed.remarks))
    shape = partial(shape_value, budget=budget, beside=beside, hidden=composed.hidden)
    if composed.unclear:
        shaped = shape(_unclear(composed.parts[composed.unclear], used))
    else:
        shaped = shape(_shown(composed, full=full, is_cut=False))
        if shaped.cut:
            beside = beside.with_remarks((LEFT_OUT,))
            shaped = _recounted(shape(_shown(composed, full=full, is_cut=True), beside=beside))
    return CallResult(shaped.text, composed.limits, shaped.cut, shaped.shown, structured(tool, shaped))


def _shown(composed: Composed, *, full: bool, is_cut: bool) -> dict[str, Any]:
    singles = {name: part for name, part in composed.parts.items() if part.step.one is not None}
    others = {name: part for name, part in composed.parts.items() if name not in singles}
    ordered = sorted(
        ((found, name, part) for name, part in others.items() for found in part.found),
        key=lambda each: each[0].moment,
        reverse=True,
    )
    return {
        **{name: part.shown(part.single, full=full) for name, part in singles.items() if part.single is not None},
        TIMELINE: [_entry(found, name, part, full=full) for found, name, part in ordered],
        PARTS: {name: part.row(is_cut=is_cut) for name, part in others.items()}
        | {name: part.row(is_cut=False) for name, part in singles.items() if part.failed or part.not_asked},
    }


def _entry(found: Found, name: str, part: Part, *, full: bool) -> dict[str, Any]:
    of = {} if found.of is None else {"of": found.of}
    return {"at": found.at, "part": name, **of, "record": part.shown(found.record, full=full)}


def _recounted(shaped: ResultDocument) -> ResultDocument:
    """Return a result that lost entries of its timeline with the number of those that each part still shows."""
    timeline, parts = shaped.value.get(TIMELINE), shaped.value.get(PARTS)
    if not isinstance(timeline, list) or not isinstance(parts, dict):
        return shaped
    left = Counter(entry.get("part") for entry in timeline)
    rows = {
        name: {**row, "shown": min(left[name], row.get("shown", 0))}
        if isinstance(row, dict) and "shown" in row
        else row
        for name, row in parts.items()
    }
    shown = shaped.shown._replace(value={**shaped.shown.value, PARTS: rows})
    return ResultDocument.of({**shaped.value, PARTS: rows}, shown, cut=True)


def _unclear(part: Part, used: dict[str, Any]) -> dict[str, Any]:
    """Return the records that may be meant, and what to do; a guess might show another customer's affairs."""
    asked = ", ".join(f"{name} {str(value)[:MOST_OF_VALUE]!r}" for name, value in used.items() if name != DETAIL)
    candidates = [part.shown(found.record, full=False) for found in part.found[:MOST_CANDIDATES]]
    if not candidates:
        return {CANDIDATES: [], NOTE: f"{part.step.label}: none fits {asked}. Nothing else was looked up."}
    more = " or more" if part.has_more or len(part.found) > MOST_CANDIDATES else ""
    words = f"{part.step.label}: {len(candidates)}{more} fit {asked}, and nothing else was looked up. "
    return {CANDIDATES: candidates, NOTE: words + "Ask the person which one is meant, and call again with its id."}
