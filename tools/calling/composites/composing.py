"""Make the steps of a composite: each is a call like any other, and those that need nothing of each other run at once.

A step that fails is told of, and the others go on. Only where the record that the composite is about cannot be had, it
fails as a whole, or tells the records that may be meant.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from accounts.definition import Composite, Step
from accounts.definition.composites import EACH
from tools.calling.composites.composed import Composed, Found, Part
from tools.calling.composites.references import FilledCall, Unfilled, filled, value_of
from tools.calling.results import CallResult
from tools.calling.sending.checking import invalid_arguments
from tools.calling.walking import few_left
from tools.calling.wording import explain
from tools.catalogue.result_arguments import DETAIL, FULL
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import CallFailed, RateLimited
from tools.member_paths import member_at
from tools.moments import moment_of
from tools.ratelimits import RateLimits

# Calls of one composite at once; the account's own limit (accounts/vendors) holds for all of its calls.
AT_ONCE = 4
# The seconds after which no further step begins.
LATEST_STEP = 30.0
# What an address may go on with, before it and after it (RFC 5322, section 3.2.3): a full stop may end a sentence.
BEFORE_ADDRESS, AFTER_ADDRESS = r"(?<![\w.!#$%&'*+/=?^`{|}~@-])", r"(?![\w@-]|\.\w)"
BRACKETED = re.compile(r"<([^<>]*)>")
LIMIT_REACHED = "the vendor's rate limit is reached"

# Calls a tool with arguments for the step of a name.
Calling = Callable[[Tool, dict[str, Any], str], Awaitable[CallResult]]
Tasks = dict[str, "asyncio.Task[None]"]


class Composing:
    """One call of a composite; `used` are its checked arguments, `among` the tools that its caller has."""

    def __init__(self, tool: Tool, used: dict[str, Any], among: ToolSet, call: Calling) -> None:
        self._tool, self._used, self._among, self._call = tool, used, among, call
        self._composite = cast(Composite, tool.composite)
        self._composed = Composed.of(self._composite)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._began = time.monotonic()
        self._stopped = ""
        self._failure: CallFailed | None = None

    async def composed(self) -> Composed:
        """Make all steps; raise CallFailed where the record that it is about cannot be had."""
        self._check_arguments()
        tasks: Tasks = {}
        async with asyncio.TaskGroup() as group:
            # None of them begins before all are here, so each finds those that it waits for.
            for name, step in self._composite.steps.items():
                tasks[name] = group.create_task(self._made(name, step, tasks))
        if self._failure:
            raise self._failure
        return self._composed

    def _check_arguments(self) -> None:
        """Refuse a call that does not say what it is about, before anything is sent; tell what is not used."""
        unused: list[str] = []
        for step in self._composite.steps.values():
            choices = [self._composite.arguments_of(call) for call in step.calls]
            given = [names for names in choices if all(name in self._used for name in names)]
            if step.one is not None and not given:
                wanted = dict.fromkeys(name for names in choices for name in names)
                raise invalid_arguments(self._tool, [f"Give one of these: {', '.join(wanted)}."])
            unused += [name for names in given[1:] for name in names if name not in given[0]]
        if unused:
            self._composed.remarks.append(f"Not used: {', '.join(dict.fromkeys(unused))}; one of them is enough.")

    async def _made(self, name: str, step: Step, tasks: Tasks) -> None:
        part, before = self._composed.parts[name], sorted(self._composite.before(step))
        for each in before:
            await tasks[each]
        if self._failure or self._composed.unclear:
            return
        try:
            await (self._made_for_each(name, step, part) if step.foreach else self._made_once(name, step, part))
        except Unfilled as unfilled:
            part.not_asked = f"{unfilled}."
        except CallFailed as failed:
            self._note(failed, part)
            self._failure = failed if self._is_subject(step) else self._failure
        if step.one is not None and part.single is None and not part.failed:
            self._miss(name, part)

    def _is_subject(self, step: Step) -> bool:
        """Return whether a step brings what the composite is about: one record, for which nothing else is needed."""
        return step.one is not None and not self._composite.before(step)

    def _miss(self, name: str, part: Part) -> None:
        """Note that a step has none or several records where one is meant, or was not made."""
        if not self._is_subject(part.step):
            part.failed = "" if part.not_asked else f"{len(part.found)} records came, where one is meant."
        elif part.not_asked:
            self._failure = CallFailed(f"{part.step.label} was not looked up: {part.not_asked}")
        else:
            self._composed.unclear = name

    def _note(self, failed: CallFailed, part: Part) -> None:
        tool = part.tool or self._tool
        part.failed = explain(failed, tool_name=tool.name, vendor=tool.definition.label, read_only=True)
        if isinstance(failed, RateLimited):
            self._stopped = LIMIT_REACHED

    async def _made_once(self, name: str, step: Step, part: Part) -> None:
        call = self._chosen(step)
        records = await self._records(name, part, call)
        if step.one is None:
            part.keep([Found(record, _at(record, step)) for record in records])
        elif not all(isinstance(record, dict) for record in records):
            raise CallFailed(f"{step.label}: what came is no record.")
        else:
            part.found = [Found(record) for record in _meant(records, step.one, call)]
            part.is_guess = len(part.found) == 1 and not _holds_address(part.found[0].record, call.asked)

    async def _made_for_each(self, name: str, step: Step, part: Part) -> None:
        """Make a step for the newest records of another, within its bound."""
        source = self._composed.parts[step.foreach or ""]
        if not source.found and (source.failed or source.not_asked):
            raise Unfilled(f"{step.foreach} was not read")
        part.readable = len(source.found)
        async with asyncio.TaskGroup() as group:
            made = [
                group.create_task(self._of_one(name, step, part, each.record)) for each in source.found[: step.most]
            ]
        brought = [found for task in made if (found := task.result()) is not None]
        part.read = len(brought)
        part.keep_of_each(brought)

    async def _of_one(self, name: str, step: Step, part: Part, record: Any) -> list[Found] | None:
        """Make a step for one record; return None where it failed, which its part tells."""
        scope = {EACH: record}
        try:
            records = await self._records(name, part, self._chosen(step, scope))
            of = next((value_of(each, scope) for each in step.references if each.startswith(f"{EACH}.")), None)
        except Unfilled as unfilled:
            part.not_asked = f"{unfilled}."
            return None
        except CallFailed as failed:
            self._note(failed, part)
            return None
        if step.entries:
            records = [entry for each in records for entry in _listed(member_at(each, step.entries.split(".")))]
        return [Found(each, _at(each, step), of) for each in records]

    def _chosen(self, step: Step, scope: dict[str, Any] | None = None) -> FilledCall:
        """Return the first call of a step whose references have a value; raise Unfilled for the last one's."""
        parts = self._composed.parts
        singles = {name: parts[name].single for name in self._composite.before(step)}
        unfilled = Unfilled("nothing was given")
        for call in step.calls:
            try:
                return filled(call, {**self._used, **singles, **(scope or {})})
            except Unfilled as missing:
                unfilled = missing
        raise unfilled

    async def _records(self, name: str, part: Part, call: FilledCall) -> list[Any]:
        """Call the tool of a step; return its record or records. Raises CallFailed; Unfilled if it is not called."""
        tool = self._among.of_method(call.method)
        if tool is None:
            raise Unfilled(f"{call.method} is not among the tools here")
        part.tool, part.call = tool, call
        detail = {DETAIL: FULL} if DETAIL in tool.input_schema["properties"] else {}
        async with self._turns:
            if stopped := self._reason_to_stop():
                raise Unfilled(stopped)
            result = await self._call(tool, {**call.arguments, **detail}, name)
        return self._read(part, result, call)

    def _reason_to_stop(self) -> str:
        if self._stopped:
            return self._stopped
        if time.monotonic() - self._began > LATEST_STEP:
            return "the steps before it took too long"
        return few_left(self._composed.limits).rstrip(".")

    def _read(self, part: Part, result: CallResult, call: FilledCall) -> list[Any]:
        """Take from the result of a call what it says beside its records, and return these."""
        shown, composed = result.shown, self._composed
        composed.limits = _tighter(composed.limits, result.limits)
        composed.remarks += [each for each in shown.remarks if each not in composed.remarks]
        composed.hidden += shown.hidden
        part.has_more = part.has_more or not shown.is_end
        part.total = None if call.where else shown.total
        return [record for record in shown.records if _has(record, call.where)]


def _meant(records: list[Any], members: Iterable[str], call: FilledCall) -> list[Any]:
    """Return the only record that has exactly what was asked for at one of the members, or else all."""
    exact = [each for each in records if any(_text_at(each, member) in call.asked for member in members)]
    return exact if len(exact) == 1 else records


def _holds_address(record: Any, asked: Iterable[str]) -> bool:
    """Return whether a record has each email address that was asked for, or none at all.

    A search for one finds others of which it is a part, and so another customer.
    """
    addresses, held = {each for each in asked if "@" in each}, {each for each in _texts(record) if "@" in each}
    return not held or addresses <= held


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value.strip().casefold()


def _has(record: Any, where: dict[str, Any]) -> bool:
    """Return whether a record has these values, whatever their case, and whether numbers are written as text.

    An email address may stand among other words, such as a name, but is no part of a longer one.
    """
    return all(_is_or_holds(_text_at(record, member), str(value).strip().casefold()) for member, value in where.items())


def _is_or_holds(text: str, wanted: str) -> bool:
    if text == wanted or "@" not in wanted:
        return text == wanted
    # The name before an address in angle brackets is the sender's own choice, and may be another's address.
    text = " ".join(BRACKETED.findall(text)) or text
    return re.search(f"{BEFORE_ADDRESS}{re.escape(wanted)}{AFTER_ADDRESS}", text) is not None


def _text_at(record: Any, member: str) -> str:
    return str(member_at(record, member.split("."))).casefold()


def _at(record: Any, step: Step) -> Any:
    """Return the date that says where a record stands in the timeline, seconds in ISO 8601; None if it has none."""
    dates = (member_at(record, member.split(".")) for member in step.at)
    date = next((date for date in dates if moment_of(date) is not None), None)
    return (
        date if date is None or isinstance(date, str) else f"{datetime.fromtimestamp(moment_of(date) or 0, UTC):%FT%TZ}"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tighter(one: RateLimits, other: RateLimits) -> RateLimits:
    """Return the limits with fewer requests left: answers that came at once may be read in any order."""
    if other.remaining is None:
        return one
    return other if one.remaining is None or other.remaining <= one.remaining else one
