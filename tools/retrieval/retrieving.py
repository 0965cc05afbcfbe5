"""Answer a call of `search` or `fetch`: check its argument, record it, and fit the result into its budget."""

from datetime import UTC, datetime
from typing import Any

import orjson

from accounts.definition import Access
from accounts.vendors.connection import Connection
from tools.calling.recording import recorded
from tools.calling.results import CallResult
from tools.calling.sending.checking import from_text
from tools.calling.shaping import ShownResult
from tools.errors import InvalidArguments
from tools.ratelimits import RateLimits
from tools.record.notes import Caller, CallNote
from tools.retrieval.fetching import fetched
from tools.retrieval.matching import words_of
from tools.retrieval.reading import RecordReading
from tools.retrieval.searching import MOST_RESULTS, found
from tools.retrieval.sources import FETCH, SEARCH, Sources
from tools.tokens import fits

ARGUMENTS = {SEARCH: "query", FETCH: "id"}
MOST_CHARACTERS = 400


async def retrieve(
    name: str, sources: Sources, connection: Connection, arguments: Any, caller: Caller, *, budget: int
) -> CallResult:
    """Return the result of `search` or `fetch` within a budget in tokens; raise CallFailed."""
    note = CallNote(caller, name, Access.READ, datetime.now(UTC))
    with recorded(note):
        arguments = from_text(arguments)
        note.arguments = arguments if isinstance(arguments, dict) else {}
        wanted = _text(name, ARGUMENTS[name], arguments)
        reading = RecordReading(connection, caller, sources.tools)
        if name == SEARCH:
            result = await _search(sources, wanted, reading, budget)
        else:
            record = await fetched(sources, wanted, reading, budget=budget)
            result = _result(record.shown, record.limits, is_cut=record.is_cut)
        note.result_chars = len(result.text)
        return result


async def _search(sources: Sources, query: str, reading: RecordReading, budget: int) -> CallResult:
    findings = await found(sources, query, reading)
    count = min(MOST_RESULTS, len(findings.results))
    while count and not fits(orjson.dumps(findings.shown(count)), budget):
        count -= 1
    return _result(findings.shown(count), findings.limits, is_cut=count < len(findings.results))


def _result(shown: dict[str, Any], limits: RateLimits, *, is_cut: bool) -> CallResult:
    encoded = orjson.dumps(shown)
    return CallResult(encoded.decode(), limits, is_cut, ShownResult(shown), encoded)


def _text(name: str, argument: str, arguments: Any) -> str:
    """Return the one argument of a tool, or raise InvalidArguments."""
    if not isinstance(arguments, dict):
        raise _invalid(name, ["arguments must be a JSON object."])
    # Agent frameworks send null for what they leave out.
    given = {key: value for key, value in arguments.items() if value is not None}
    value = given.pop(argument, None)
    problems = [f"{key[:64]}: is no argument of {name}, which takes {argument} alone." for key in [*given][:8]]
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_CHARACTERS:
        problems.insert(0, f"{argument}: takes a text of at most {MOST_CHARACTERS} characters.")
    elif name == SEARCH and not words_of(value):
        problems.insert(0, f"{argument}: has no word to look for.")
    if problems or not isinstance(value, str):
        raise _invalid(name, problems)
    return value.strip()


def _invalid(name: str, problems: list[str]) -> InvalidArguments:
    return InvalidArguments(reason=f"The arguments do not fit {name}.", problems=problems)
