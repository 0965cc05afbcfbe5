"""Check the steps of composites against the records of their reads: arguments, and members of results."""

from collections.abc import Container, Iterable, Iterator, Mapping

from accounts.definition import Composite, Definition, Step, StepCall
from accounts.definition.composites import EACH, references_in
from accounts.texts.nearest import nearest
from tools.catalogue.documented_results import result_of
from tools.catalogue.input_schemas import merge_schemas
from tools.catalogue.placement import PAGING_ARGUMENTS, is_paginated, properties_of
from tools.catalogue.projection import FieldUnknown, Projection
from tools.catalogue.result_arguments import DETAIL
from tools.catalogue.schemas.json_schemas import Schema, compile_validator
from tools.models import Documentation
from tools.pagination import pager

# The records that make tools, by `resource.method`.
LiveRecords = Mapping[str, Documentation]


def argument_problems(definition: Definition, record: Documentation) -> Iterator[str]:
    """Yield the arguments of a composite's own that its steps lack, or do not use."""
    composite = definition.resources[record.resource].methods[record.method].composite
    if composite is None:
        return
    described = properties_of(record.query_schema)
    for name in composite.arguments:
        if name not in described:
            yield f"query_schema: the steps refer to {{{name}}}, which is not among the properties."
    for name in described:
        if name == DETAIL:
            yield f"query_schema: {DETAIL} is added to every composite; take it out."
        elif name not in composite.arguments:
            yield f"query_schema: {name} is used by no step; take it out."


def step_problems(definition: Definition, record: Documentation, live: LiveRecords) -> list[str]:
    """Return why a composite cannot make its steps, a sentence each; none of any other record."""
    composite = definition.resources[record.resource].methods[record.method].composite
    if composite is None:
        return []
    missing = [key for key in composite.methods if key not in live]
    if missing:
        return [f"composite: it needs {key}, which is no tool: its record is missing or held back." for key in missing]
    steps = _Steps(definition, composite, live)
    return [f"composite.{name}.{problem}" for name, step in composite.steps.items() for problem in steps.problems(step)]


def held_back(definition: Definition, records: Iterable[Documentation], drafts: Container[str]) -> dict[str, list[str]]:
    """Return the composites whose steps cannot be made, by `resource.method`, each with the reasons.

    `drafts` are the records that make no tool, by `resource.method`, for reasons of their own.
    """
    live = {record.key: record for record in records if record.published and record.key not in drafts}
    reasons = {key: step_problems(definition, record, live) for key, record in live.items()}
    return {key: each for key, each in reasons.items() if each}


class _Steps:
    """The steps of one composite, with what the methods that they call take and return."""

    def __init__(self, definition: Definition, composite: Composite, live: LiveRecords) -> None:
        self._definition, self._composite, self._live = definition, composite, live

    def problems(self, step: Step) -> Iterator[str]:
        """Yield what is wrong with a step, each with its place in it."""
        inside = f"{step.entries}." if step.entries else ""
        places = {
            "entries": [step.entries] if step.entries else [],
            "at": [inside + member for member in step.at],
            "show": [inside + member for member in step.show or ()],
            "one": step.one or [],
        }
        for call in step.calls:
            yield from (f"calls: {call.method} {problem}" for problem in self._argument_problems(call))
            yield from (
                f"calls: where: {problem}" for member in call.where for problem in self._unknown(member, [call])
            )
        for place, members in places.items():
            for member in members:
                problems = [*self._unknown(member, step.calls)]
                # Of alternatives, some may return less, such as an id and a name alone.
                if len(problems) == len(step.calls):
                    yield f"{place}: {problems[0]}"
        yield from self._reference_problems(step)

    def _argument_problems(self, call: StepCall) -> Iterator[str]:
        taken = self._taken(call)
        known = taken["properties"]
        for name, value in call.arguments.items():
            if name not in known:
                meant = nearest(name, known, cutoff=0.5)
                hint = f"did you mean {meant}?" if meant else f"it takes: {', '.join(known) or 'none'}."
                yield f"has no argument {name}; {hint}"
            elif name == PAGING_ARGUMENTS[1]:
                yield f"takes {name} from its own results only; leave it out."
            elif not [*references_in(value)] and not compile_validator(known[name]).is_valid(value):
                yield f"does not take {value!r} as {name}."
        needed = taken.get("required", [])
        yield from (f"needs the argument {name}." for name in needed if name not in call.arguments)

    def _reference_problems(self, step: Step) -> Iterator[str]:
        for reference in step.references:
            head, dot, member = reference.partition(".")
            source = step.foreach if head == EACH else head
            if dot and source:
                calls = self._composite.steps[source].calls
                yield from (f"calls: {{{reference}}}: {problem}" for problem in self._unknown(member, calls))

    def _unknown(self, member: str, calls: Iterable[StepCall]) -> Iterator[str]:
        """Yield a problem for each call whose result is documented, and has no such member."""
        for call in calls:
            try:
                Projection(self._given(call) or {}).check(member)
            except FieldUnknown as unknown:
                yield f"{call.method}: {unknown}"

    def _taken(self, call: StepCall) -> Schema:
        record, method = self._live[call.method], self._definition.method(call.method)
        if method is None:
            return {"properties": {}}
        paginated = is_paginated(self._definition, record.resource, record.method)
        paging = pager(method.pagination or self._definition.pagination) if paginated else None
        return merge_schemas(method, record.query_schema, record.body_schema, paging)[0]

    def _given(self, call: StepCall) -> Schema | None:
        record = self._live[call.method]
        paginated = is_paginated(self._definition, record.resource, record.method)
        return result_of(self._definition, record, of_items=paginated)
