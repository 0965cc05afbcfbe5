"""Fetch one record that a search found: its text, with the lists that belong to it, its page and its metadata.

A record that is too long loses what a single read would lose: long texts first, then the middle of its history.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from tools.calling.results import CallResult
from tools.calling.wording import explain
from tools.catalogue.projection import kept, tree_of
from tools.catalogue.record_urls import URL
from tools.catalogue.tool import Tool
from tools.errors import CallFailed, InvalidArguments
from tools.member_paths import member_at
from tools.ratelimits import RateLimits
from tools.retrieval.plain_texts import as_lines, one_line
from tools.retrieval.reading import RecordReading
from tools.retrieval.sources import FETCH, Source, Sources
from tools.tokens import fits, start_within

# In hundredths of the budget: what a record gets beside lists of its own, what these get, and one without.
OF_RECORD, OF_LISTS, ALONE = 50, 35, 85
MOST_METADATA = 30
MOST_OF_VALUE = 200


@dataclass(frozen=True)
class FetchedRecord:
    """A record as ChatGPT takes it; `is_cut` says whether anything of it was left out."""

    shown: dict[str, Any]
    is_cut: bool
    limits: RateLimits


async def fetched(sources: Sources, wanted: str, reading: RecordReading, *, budget: int) -> FetchedRecord:
    """Return a record by an id of a search, within a budget in tokens; raise CallFailed."""
    source, record_id = sources.parsed(wanted)
    main, lists = await _reads(source, record_id, reading, budget)
    value = main.shown.value
    record = value if isinstance(value, dict) else {"result": value}
    parts = [
        _own_text(source, record) + _told(main.shown.remarks),
        *(_list_text(sources.vendor, *each) for each in lists),
    ]
    cuts = [*main.shown.cuts]
    if cuts:
        parts.append(f"Left out to fit; {source.reader.name} has it:\n{as_lines(cuts)}")
    shown = {
        "id": wanted,
        "title": source.title_of(record, wanted),
        "text": "\n\n".join(parts),
        "url": source.url_of(record, reading.connection.pages),
        "metadata": _metadata(source, record),
    }
    return _within(shown, budget, main.limits, is_cut=bool(cuts))


# A list beside a record: its tool, the arguments that it was called with, and what came.
ReadList = tuple[Tool, dict[str, Any], CallResult | CallFailed]


async def _reads(
    source: Source, record_id: str, reading: RecordReading, budget: int
) -> tuple[CallResult, list[ReadList]]:
    """Read a record and the lists beside it at once; raise CallFailed if the record itself did not come."""
    own_room = budget * (OF_RECORD if source.beside else ALONE) // 100
    list_room = budget * OF_LISTS // 100 // max(len(source.beside), 1)
    async with asyncio.TaskGroup() as group:
        own = group.create_task(_read(reading, source.reader, _argument(source.reader, record_id), own_room))
        lists = [
            (tool, given, group.create_task(_read(reading, tool, given, list_room)))
            for tool, argument in source.beside
            for given in [{argument: record_id}]
        ]
    match own.result():
        case InvalidArguments() as invalid:
            raise InvalidArguments(reason=f"The arguments do not fit {FETCH}.", problems=invalid.problems)
        case CallFailed() as failed:
            raise failed
        case main:
            return main, [(tool, given, task.result()) for tool, given, task in lists]


def _argument(reader: Tool, record_id: str) -> dict[str, str]:
    """Return the argument that takes the id: the one in the path."""
    return {name: record_id for name, placement in reader.placements.items() if placement.in_path}


async def _read(reading: RecordReading, tool: Tool, arguments: dict[str, Any], budget: int) -> CallResult | CallFailed:
    try:
        return await reading.of(tool, arguments, budget=budget, is_shown=True)
    except CallFailed as failed:
        return failed


def _own_text(source: Source, record: dict[str, Any]) -> str:
    if source.declared.text:
        return as_lines(kept(record, tree_of(source.declared.text)))
    return as_lines({name: member for name, member in record.items() if name != URL})


def _list_text(vendor: str, tool: Tool, given: dict[str, Any], read: CallResult | CallFailed) -> str:
    """Return a list beside a record as text, or why it is not there."""
    if isinstance(read, CallFailed):
        return f"{tool.title}: not read. {explain(read, tool_name=tool.name, vendor=vendor, read_only=True)}"
    items, has_more = read.shown.records, not read.shown.is_end
    if tool.joined and tool.history:
        items = member_at(read.shown.value, [tool.history.path]) or []
        has_more = any("kept_items" in cut for cut in read.shown.cuts)
    more = [f"There are more: {tool.name} has them, called with {orjson.dumps(given).decode()}."] if has_more else []
    return f"{tool.title}:\n{as_lines(items) or '(none)'}{_told([*read.shown.remarks, *more])}"


def _told(remarks: Iterable[str]) -> str:
    return "".join(f"\n({remark})" for remark in remarks)


def _metadata(source: Source, record: dict[str, Any]) -> dict[str, str]:
    """Return what a record says in short: its concise members with their names, else all that is short and flat."""
    definition = source.reader.definition
    concise = definition.resources[source.resource].concise
    names = (
        {*concise, *(lookup.shown_as or name for name, lookup in definition.lookups.items())} if concise else {*record}
    )
    values = {name: value for name, value in record.items() if name in names - {URL, source.declared.id}}
    short = {name: value for name, value in values.items() if isinstance(value, str | int | float) and value != ""}
    told = {name: str(value) for name, value in short.items() if len(str(value)) <= MOST_OF_VALUE}
    return {"kind": source.kind, **{name: one_line(told[name], MOST_OF_VALUE) for name in [*told][:MOST_METADATA]}}


def _within(shown: dict[str, Any], budget: int, limits: RateLimits, *, is_cut: bool) -> FetchedRecord:
    """Cut the text of a record that does not fit after all: its last part, and say so."""
    room = budget
    while not fits(orjson.dumps(shown), budget) and room > 0:
        room = room * 9 // 10
        shown = {**shown, "text": f"{start_within(shown['text'], room)}\n… The rest was left out to fit."}
        is_cut = True
    return FetchedRecord(shown, is_cut, limits)
