"""Composites: tools that make several reads of the vendor and show them together, such as all about one customer.

A step's arguments refer to others with {references}: `{email}` is an argument of the composite's own, `{contact.id}` a
member of the one record of the step `contact`, and `{each.id}` one of the record that `foreach` has come to.
"""

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from pydantic import Field, JsonValue, model_validator

from accounts.definition.parts import DefinitionPart, MemberPath, MethodKey, Parameter, Slug

REFERENCE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")
EACH = "each"
# What a composite's result has beside the records of its steps.
TIMELINE, PARTS, CANDIDATES, NOTE = "timeline", "parts", "candidates", "note"
TAKEN = frozenset({EACH, TIMELINE, PARTS, CANDIDATES, NOTE, "result", "remarks", "truncated", "envelope"})
MOST_RECORDS, MOST_OF_EACH, MOST_REQUESTS = 100, 10, 20


def references_in(value: JsonValue) -> Iterator[str]:
    """Yield the references in a value, at any depth; raise ValueError for a brace that belongs to none."""
    if isinstance(value, str):
        if set("{}") & set(REFERENCE.sub("", value)):
            raise ValueError(f"{value[:64]!r} has a brace outside a {{reference}}")
        yield from REFERENCE.findall(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from references_in(each)


class StepCall(DefinitionPart):
    """One read of a step: a method of the definition, and the arguments of its tool."""

    method: MethodKey
    arguments: dict[Parameter, JsonValue] = Field(default_factory=dict, max_length=20)
    where: dict[MemberPath, str] = Field(
        default_factory=dict,
        max_length=5,
        description="The items of its list that count: those with these values. An email address may be among words.",
    )

    @property
    def references(self) -> list[str]:
        """What it refers to, without duplicates."""
        return [*dict.fromkeys(references_in({**self.arguments, **self.where}))]


class Step(DefinitionPart):
    """Some records of the vendor's, and how they are shown: one by itself, others in the timeline."""

    label: str = Field(min_length=1, max_length=80)
    calls: list[StepCall] = Field(
        min_length=1, max_length=5, description="The first of them is made whose references have a value."
    )
    one: list[MemberPath] | None = Field(
        None,
        max_length=5,
        description="Exactly one record is meant. Of several, it is the only one that has what was asked for at one of "
        "these members; otherwise all are told as candidates, and no other step follows.",
    )
    foreach: Slug | None = Field(None, description="The step for whose newest records this one is made, for each.")
    most: int = Field(
        25, ge=1, le=MOST_RECORDS, description="How many records are shown, or foreach goes through; the newest."
    )
    entries: MemberPath | None = Field(
        None, description="The list inside each record whose entries are shown in its place, such as a case's history."
    )
    of_each: int = Field(
        3, ge=1, le=MOST_OF_EACH, description="With foreach, how many records or entries of each are shown; the newest."
    )
    at: list[MemberPath] = Field(
        default_factory=list,
        max_length=5,
        description="Its place in the timeline: the first of these members that has a date.",
    )
    show: list[MemberPath] | None = Field(
        None, max_length=50, description="The members that are shown; by default those of a concise result."
    )

    @property
    def references(self) -> list[str]:
        """What its calls refer to, without duplicates."""
        return [*dict.fromkeys(reference for call in self.calls for reference in call.references)]

    @model_validator(mode="after")
    def _has_one_form(self) -> "Step":
        if self.one is not None and (self.at or self.foreach or self.entries):
            raise ValueError("one: one record stands by itself, and has no at, foreach or entries")
        if self.entries and not self.foreach:
            raise ValueError("entries: only a step with foreach shows them")
        if self.one is None and not self.at:
            raise ValueError("at: says where the records stand in the timeline; or say one, for a single record")
        if self.foreach and self.most > MOST_OF_EACH:
            raise ValueError(f"most: foreach goes through at most {MOST_OF_EACH} records; say so few")
        if not self.foreach and any(reference.partition(".")[0] == EACH for reference in self.references):
            raise ValueError("calls: {each…} is what foreach has come to; say foreach")
        return self


class Composite(DefinitionPart):
    """The steps of a tool by name, in the order in which their records are told of. Steps run as soon as they can."""

    steps: dict[Slug, Step] = Field(min_length=2, max_length=12)

    @property
    def named_steps(self) -> list[tuple[str, Step]]:
        """The steps with their names, for templates: to them, `items` may be the name of a step."""
        return [*self.steps.items()]

    @property
    def methods(self) -> list[str]:
        """The reads that it needs, by `resource.method`."""
        return [*dict.fromkeys(call.method for step in self.steps.values() for call in step.calls)]

    @property
    def arguments(self) -> list[str]:
        """The arguments of its own that its steps refer to."""
        named = (name for step in self.steps.values() for name in step.references)
        return [*dict.fromkeys(name for name in named if self._is_argument(name))]

    def before(self, step: Step) -> set[str]:
        """Return the steps that one needs the records of."""
        heads = {reference.partition(".")[0] for reference in step.references if "." in reference}
        return (heads - {EACH}) | ({step.foreach} if step.foreach else set())

    def arguments_of(self, call: StepCall) -> list[str]:
        """Return the arguments of the composite's own that a call needs."""
        return [name for name in call.references if self._is_argument(name)]

    def _is_argument(self, reference: str) -> bool:
        return "." not in reference and reference != EACH

    @model_validator(mode="after")
    def _steps_lead_to_each_other(self) -> "Composite":
        for name, step in self.steps.items():
            for problem in self._problems(name, step):
                raise ValueError(f"steps.{name}: {problem}")
        try:
            TopologicalSorter({name: self.before(step) for name, step in self.steps.items()}).prepare()
        except CycleError as cycle:
            raise ValueError(f"steps: {' needs '.join(reversed(cycle.args[1]))}; break the circle") from None
        requests = sum(step.most if step.foreach else 1 for step in self.steps.values())
        if requests > MOST_REQUESTS:
            raise ValueError(f"steps: they make up to {requests} requests, and at most {MOST_REQUESTS} are allowed")
        return self

    def _problems(self, name: str, step: Step) -> Iterable[str]:
        if name in TAKEN:
            yield "the result has a member of this name already; call the step otherwise"
        if step.foreach and step.foreach not in self.steps:
            yield f"foreach: {step.foreach} is no step"
        elif step.foreach and self.steps[step.foreach].one is not None:
            yield f"foreach: {step.foreach} is one record; refer to it with {{{step.foreach}.…}}"
        elif step.foreach and self.steps[step.foreach].foreach:
            yield f"foreach: {step.foreach} goes through records itself"
        for reference in step.references:
            head, dot, _ = reference.partition(".")
            if head in self.steps and not dot:
                yield f"{{{reference}}} is a record; name a member of it, such as {{{reference}.id}}"
            elif dot and head != EACH and head not in self.steps:
                yield f"{{{reference}}}: there is no step {head}"
            elif dot and head != EACH and self.steps[head].one is None:
                yield f"{{{reference}}}: {head} has many records; use foreach, or say one if it has a single one"
