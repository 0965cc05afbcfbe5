"""An operation's answer: its kind, where the result is in it, and whether that is a list."""

import re
from dataclasses import dataclass
from typing import Any

import inflection

from tools.json_lines import is_json_lines
from tools.openapi.errors import OperationRefused, ReferenceRefused
from tools.openapi.naming.texts import words_of
from tools.openapi.naming.vocabulary import ENVELOPE
from tools.openapi.reading.operations import Operation
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.openapi.shapes.schemas import Cleaner
from tools.pagination.vocabulary import LISTS

# Deep enough for an envelope with a list and the next page's cursor beside it.
DEPTH = 4
HOLDERS = ("data", "result", "results", "response", "_embedded", "embedded", "hits", "payload", "body", "list")
WRAPPERS = ("data", "result", "response", "item", "record", "object", "payload")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words of lists that say how a call went, and are never its result, unless that is what the path is about.
REPORTS = frozenset({"error", "errors", "warning", "warnings", "notice", "notices", "included"})
MESSAGES = frozenset({"message", "messages"})
STREAM = "text/event-stream"
# What is said of answers that go on for as long as the connection does.
ENDLESS = re.compile(
    r"\b(?:endless|infinite|never[- ]end(?:s|ing)|indefinite(?:ly)?|long[- ](?:lived|running|poll\w*)|firehose|"
    r"(?:kept|keeps?|stays?|remains?|left|held|holds?)(?: the)?(?: \w+)? open|real[- ]?time|server[- ]sent|"
    r"live (?:stream|feed|updates?|events?)|"
    r"until (?:the )?(?:client|connection|you)\b[^.]{0,30}(?:clos|disconnect)\w*)",
    re.IGNORECASE,
)

MAX_MEDIA_TYPE = 100
# RFC 9110, section 8.3.1: a parameter's value is a token or quoted.
MEDIA_PARAMETER = re.compile(r';\s*([A-Za-z0-9_.-]+)=([A-Za-z0-9_.+-]+|"[\x20\x21\x23-\x5b\x5d-\x7e]+")\s*(?=;|$)')
UNTOLD = frozenset({"charset", "boundary"})


@dataclass(frozen=True)
class Result:
    """The kind of answer; `expression` leads to the result, empty for the whole answer, whose schema is `envelope`."""

    kind: str
    expression: str = ""
    steps: tuple[str, ...] = ()
    is_list: bool = False
    is_known: bool = False
    schema: Any = None
    envelope: Schema | None = None


def result_of(operation: Operation, cleaner: Cleaner, nouns: list[str]) -> Result:
    """Return the kind and place of an operation's result; raise OperationRefused if no tool could return it."""
    _refuse_unusable(operation)
    kind, schema = _kind(operation.answer.schemas)
    if kind != "json":
        return Result(kind, is_known=True)
    if _is_lines(operation.answer.schemas):
        schema = _list_of_lines(schema, cleaner)
    if schema is None:
        return Result(kind)
    try:
        envelope = cleaner.cleaned(schema, DEPTH).schema
    except ReferenceRefused:
        return Result(kind)  # the answer stays unknown, but the operation can be called
    steps = _list_place(envelope, nouns, says_so=_says_list(operation))
    if steps is not None:
        return Result(kind, expression(steps), steps, True, True, schema, envelope)
    wrapped = _wrapped(envelope, nouns)
    steps = (wrapped,) if wrapped else ()
    return Result(kind, expression(steps), steps, False, bool(envelope.get("properties")), schema, envelope)


def other_schemas(operation: Operation) -> list[Any]:
    """Return the schemas of the answers in JSON that may come instead of the one that a result is read from."""
    found = [_kind(each) for each in operation.answer.others]
    return [{} if schema is None else schema for kind, schema in found if kind == "json"]


def _refuse_unusable(operation: Operation) -> None:
    media = [each.partition(";")[0].strip().lower() for each in operation.answer.schemas]
    if media and all(each == STREAM for each in media):
        raise OperationRefused(f"it answers with a stream ({media[0]}), not with a result")
    is_lines = bool(media) and all(each == STREAM or is_json_lines(each) for each in media)
    if is_lines and ENDLESS.search(f"{operation.summary}\n{operation.description}"):
        raise OperationRefused(f"it answers with a stream that does not end ({media[0]}), not with a result")
    statuses = [each for each in operation.statuses if each != "default"]
    redirects = any(each.startswith("3") for each in statuses) and not operation.answer.schemas
    if redirects and all(each.startswith(("3", "4", "5")) for each in statuses):
        raise OperationRefused("it only answers with a redirect, which is not followed")
    if "101" in statuses and not any(each.startswith("2") for each in statuses):
        raise OperationRefused("it opens a web socket")


def _kind(schemas: dict[str, Any]) -> tuple[str, Any]:
    """Return the most useful kind of answer, and its schema if it is JSON."""
    media = {each.partition(";")[0].strip().lower(): schema for each, schema in schemas.items()}
    usable = {each: schema for each, schema in media.items() if each != STREAM and not is_json_lines(each)}
    if not usable:
        return "json", next((schema for each, schema in media.items() if is_json_lines(each)), None)
    for each, schema in usable.items():
        if is_json(each):
            return "json", schema
    for each, schema in usable.items():
        # Descriptions write */* where they mean JSON.
        if "*" in each and not each.startswith(("image", "audio", "video", "text")):
            return "json", schema
    if "text/html" in usable:
        return "html", None
    if any(_is_text(each) for each in usable):
        return "text", None
    return "file", None


def _is_lines(schemas: dict[str, Any]) -> bool:
    """Return whether an answer is JSON Lines, and nothing that is easier to read."""
    return any(map(is_json_lines, schemas)) and all(is_json_lines(each) or _bare(each) == STREAM for each in schemas)


def _list_of_lines(schema: Any, cleaner: Cleaner) -> Any:
    """Return the schema of all lines; descriptions have that, or the one of a single line."""
    try:
        kinds = kinds_of(cleaner.cleaned(schema, 1).schema) if isinstance(schema, dict) else []
    except ReferenceRefused:
        kinds = []
    if "array" in kinds:
        return schema
    # A text means the lines as they are written.
    return {"type": "array", "items": schema if "object" in kinds else {}}


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON, under any of its names, and not JSON Lines."""
    bare = _bare(media_type)
    return not is_json_lines(bare) and (bare in {"application/json", "text/json", "json"} or bare.endswith("+json"))


def with_parameters(media_type: str) -> str:
    """Return a media type with those of its parameters that tell one format from another, such as a version.

    Not the charset, which is UTF-8 here; only the bare type if it would be longer than MAX_MEDIA_TYPE.
    """
    bare = _bare(media_type)
    found = MEDIA_PARAMETER.findall(media_type)
    whole = "; ".join([bare, *(f"{name}={value}" for name, value in found if name.lower() not in UNTOLD)])
    return whole if len(whole) <= MAX_MEDIA_TYPE else bare


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or any(word in media_type for word in ("xml", "yaml", "csv", "javascript"))


def expression(steps: tuple[str, ...]) -> str:
    """Return the JMESPath expression for a place."""
    return ".".join(step if IDENTIFIER.fullmatch(step) else '"' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'
                    for step in steps)  # fmt: skip


def _says_list(operation: Operation) -> bool:
    """Return whether an operation calls itself a list, whatever else its answer contains."""
    named = words_of(operation.operation_id)
    words = {*named, *words_of(operation.path.rpartition("/")[2])}
    # `getLogsIndex` gets one index, `users.index` lists all users.
    lists = {"list", "search", "query", "find"} | (set() if named[:1] == ["get"] else {"index"})
    return operation.http == "GET" and bool(words & lists)


def _list_place(envelope: Schema, nouns: list[str], *, says_so: bool) -> tuple[str, ...] | None:
    """Return where the list is in an answer; None if the answer is no list."""
    if "array" in kinds_of(envelope):
        return ()
    properties = envelope.get("properties") or {}
    # What has an id is one object, whatever lists it has.
    says_so = says_so and "id" not in properties
    named = _best(_lists(properties, nouns), properties, nouns, says_so=says_so)
    if named is not None:
        return (named,)
    for holder in HOLDERS:
        inner = (properties.get(holder) or {}).get("properties") or {}
        named = _best(_lists(inner, nouns), inner, nouns, says_so=says_so)
        if named is not None and _is_envelope(properties, {holder}):
            return (holder, named)
    return None


def _lists(properties: Schema, nouns: list[str]) -> list[str]:
    """Return the members that are lists, without those that only report how the call went."""
    lists = [name for name, child in properties.items() if "array" in kinds_of(child)]
    return [name for name in lists if "".join(words_of(name)) in nouns or not _reports(name, properties[name])]


def _reports(name: str, schema: Schema) -> bool:
    words = set(words_of(name))
    items = schema.get("items")
    has_id = isinstance(items, dict) and "id" in (items.get("properties") or {})
    return bool(words & REPORTS) or bool(words & MESSAGES and not has_id)


def _best(names: list[str], properties: Schema, nouns: list[str], *, says_so: bool) -> str | None:
    """Return the member that is the result list: the one with a usual name, with the noun's name, or the only one."""
    by_lower = {name.lower(): name for name in names}
    if _is_envelope(properties, set(names)):
        for each in LISTS:
            if each in by_lower:
                return by_lower[each]
    for noun in nouns:
        for name in names:
            joined = "".join(words_of(name))
            if (
                joined
                and joined in {noun, inflection.pluralize(noun)}
                and (says_so or _is_envelope(properties, set(names)))
            ):
                return name
    objects = [name for name in names if "object" in kinds_of(properties[name].get("items"))] or names
    return objects[0] if len(objects) == 1 and (says_so or _is_envelope(properties, {objects[0]})) else None


def _is_envelope(properties: Schema, besides: set[str]) -> bool:
    """Return whether every other member only surrounds the result."""
    return all(name in besides or set(words_of(name)) & ENVELOPE or not words_of(name) for name in properties)


def _wrapped(envelope: Schema, nouns: list[str]) -> str:
    """Return the member that contains an answer's single object, if everything else only surrounds it."""
    properties = envelope.get("properties") or {}
    singular = {inflection.singularize(noun) for noun in nouns}
    for name, child in properties.items():
        is_result = name.lower() in WRAPPERS or "".join(words_of(name)) in singular - REPORTS
        if (
            is_result
            and (child.get("properties") or kinds_of(child) == ["object"])
            and _is_envelope(properties, {name})
        ):
            return str(name)
    return ""


def inside(schema: Schema, steps: tuple[str, ...]) -> Schema | None:
    """Return the part of a clean schema at a place."""
    part: Any = schema
    for step in steps:
        part = (part.get("properties") or {}).get(step) if isinstance(part, dict) else None
    return part if isinstance(part, dict) else None
