"""Search every source at once, within bounds of requests and time, and tell what was searched and what was not."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, cast

from accounts.definition.searching import TEXT, WORD
from tools.calling.walking import few_left
from tools.calling.wording import explain
from tools.errors import CallFailed, RateLimited, VendorUnreachable
from tools.pagination import Pager
from tools.ratelimits import RateLimits
from tools.retrieval.matching import best, words_of
from tools.retrieval.reading import RecordReading
from tools.retrieval.sources import Source, Sources

SEARCH_SECONDS = 25.0
# How many records of one source are found, and of all.
MOST_OF_SOURCE = 20
MOST_RESULTS = 20


@dataclass
class SearchedSource:
    """What was found in one source; `searched` says where, `failure` why nothing can be said."""

    source: Source
    found: list[dict[str, str]] = field(default_factory=list)
    searched: str = ""
    limits: list[RateLimits] = field(default_factory=list)
    failure: CallFailed | None = None


@dataclass(frozen=True)
class Findings:
    """The results of a search, best first, and what is told beside them."""

    results: list[dict[str, str]]
    searched: str
    failed: list[str]
    limits: RateLimits

    def shown(self, count: int) -> dict[str, Any]:
        """Return the first results as ChatGPT takes them; what is beside them is for the model."""
        left = len(self.results) - count
        return {
            "results": self.results[:count],
            "searched": self.searched,
            **({"failed": self.failed} if self.failed else {}),
            **({"more": left} if left else {}),
        }


async def found(sources: Sources, query: str, reading: RecordReading) -> Findings:
    """Return what every source has for these words; raise CallFailed where none could be searched."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_searched(source, query, reading)) for source in sources.by_kind.values()]
    parts = [task.result() for task in tasks]
    failures = [part.failure for part in parts if part.failure]
    if len(failures) == len(parts):
        raise next((failure for failure in failures if isinstance(failure, RateLimited)), failures[0])
    # The best of each source before the second of any.
    in_turn = chain.from_iterable(zip_longest(*(part.found for part in parts)))
    known = [limits for part in parts for limits in part.limits]
    return Findings(
        results=[each for each in in_turn if each],
        searched=f"{'; '.join(part.searched for part in parts if part.searched)}. Nothing else was searched.",
        failed=[f"{part.source.label}: {_words(part, sources.vendor)}" for part in parts if part.failure],
        limits=min(known, key=_left, default=RateLimits()),
    )


def _left(limits: RateLimits) -> float:
    return float("inf") if limits.remaining is None else limits.remaining


def _words(part: SearchedSource, vendor: str) -> str:
    failure = cast(CallFailed, part.failure)
    return explain(failure, tool_name=part.source.lister.name, vendor=vendor, read_only=True)


async def _searched(source: Source, query: str, reading: RecordReading) -> SearchedSource:
    part = SearchedSource(source)
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            await (_by_vendor if source.declared.by_vendor else _here)(part, query, reading)
    except CallFailed as failed:
        part.failure = failed
        part.limits.append(failed.limits)
    except TimeoutError:
        part.failure = VendorUnreachable("It took too long and was given up.", timed_out=True)
    return part


async def _by_vendor(part: SearchedSource, query: str, reading: RecordReading) -> None:
    """Let the vendor search."""
    source = part.source
    limit = min(cast(Pager, source.lister.pager).max_limit, MOST_OF_SOURCE)
    arguments = {**_filled(source.declared.arguments, query, words_of(query)), "limit": limit}
    read = await reading.of(source.lister, arguments)
    part.limits.append(read.limits)
    part.found = [*_results(source, read.shown.records, reading)]
    total = read.shown.total
    of = f" (the first {len(part.found)}{'; there are more' if total is None else f' of {total:,}'})"
    part.searched = source.covered + ("" if read.shown.is_end else of)


async def _here(part: SearchedSource, query: str, reading: RecordReading) -> None:
    """Compare the newest records with the words."""
    source, declared = part.source, part.source.declared
    newest = await _newest(part, reading)
    matching = best(newest.records, words_of(query), declared.matched)
    part.found = [*_results(source, matching, reading)]
    most = f" (the best {MOST_OF_SOURCE} of {len(matching):,} that match)" if len(matching) > MOST_OF_SOURCE else ""
    part.searched = newest.described(source) + most


@dataclass(frozen=True)
class NewestRecords:
    """The first records of a list; all of it if `is_whole`. `stopped` says why they are fewer than they were to be."""

    records: list[Any]
    is_whole: bool
    stopped: str = ""

    def described(self, source: Source) -> str:
        """Return what was compared, and that older records were not."""
        count = len(self.records)
        if self.is_whole:
            return f"all {count:,} {source.what} {source.by}"
        why = f", since {self.stopped.rstrip('.')}" if self.stopped else ""
        return f"the newest {count:,} {source.what} {source.by}; older ones were not searched{why}"


async def _newest(part: SearchedSource, reading: RecordReading) -> NewestRecords:
    """Return the first records of a source's list, page by page, while the vendor's rate limit leaves enough."""
    source, most = part.source, part.source.declared.newest
    arguments = {**part.source.declared.arguments, "limit": min(cast(Pager, source.lister.pager).max_limit, most)}
    records: list[Any] = []
    while True:
        try:
            read = await reading.of(source.lister, arguments)
        except RateLimited as limited:
            if not records:
                raise
            part.limits.append(limited.limits)
            return NewestRecords(records, is_whole=False, stopped="the vendor's rate limit is reached")
        part.limits.append(read.limits)
        records += read.shown.records
        cursor = read.shown.cursor
        if cursor is None or len(records) >= most:
            is_whole = read.shown.is_end and len(records) <= most
            return NewestRecords(records[:most], is_whole)
        if stopped := few_left(read.limits):
            return NewestRecords(records, is_whole=False, stopped=stopped)
        arguments = {**arguments, "next_cursor": cursor}


def _results(source: Source, records: Iterable[Any], reading: RecordReading) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for record in records:
        record_id = source.id_of(record) if isinstance(record, dict) else ""
        if record_id and record_id not in seen and len(seen) < MOST_OF_SOURCE:
            seen.add(record_id)
            url = source.url_of(record, reading.connection.pages)
            yield {"id": record_id, "title": source.title_of(record, record_id), "url": url}


def _filled(value: Any, query: str, words: list[str]) -> Any:
    """Return arguments with the words in their place; an item with {word} stands once for each."""
    if isinstance(value, str):
        return value.replace(TEXT, query)
    if isinstance(value, dict):
        return {name: _filled(member, query, words) for name, member in value.items()}
    if isinstance(value, list):
        return [each for item in value for each in _repeated(item, query, words)]
    return value


def _repeated(item: Any, query: str, words: list[str]) -> Iterator[Any]:
    filled = _filled(item, query, words)
    if _has_word(item):
        yield from (_with_word(filled, word) for word in words)
    else:
        yield filled


def _has_word(value: Any) -> bool:
    """Return whether a text in an item, but in no list inside it, has a place for a word."""
    if isinstance(value, dict):
        return any(map(_has_word, value.values()))
    return isinstance(value, str) and WORD in value


def _with_word(value: Any, word: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_word(member, word) for name, member in value.items()}
    return value.replace(WORD, word) if isinstance(value, str) else value
