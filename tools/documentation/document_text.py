"""Read a YAML or JSON file, limited to what JSON can represent and to the size that a document needs.

Values are built from the parser's events: a file of megabytes is read in a second or two, and neither nesting nor
multiplying aliases can exhaust the process. Dates stay text, since JSON has none.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from tools.documentation.slips import Slips, is_unsaid
from tools.errors import BundleInvalid

MAX_NODES = 2_000_000
# Longer text that is broken as JSON is not tried as YAML, whose parser needs seconds to refuse it too.
MAX_SECOND_TRY = 1_000_000
TAG = "tag:yaml.org,2002:"
MERGE = "<<"
JSON_TAGS = frozenset(TAG + name for name in ("null", "bool", "int", "float", "str"))
Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]


def _resolvers(kept: Callable[[str], bool]) -> Resolvers:
    known: Resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return {
        first: [(tag, pattern) for tag, pattern in pairs if kept(tag.removeprefix(TAG))]
        for first, pairs in known.items()
    }


# YAML 1.1, in which bundles are written. Dates and `=` stay text, and the builder reads `<<` itself.
_WORDY = _resolvers(lambda name: name not in {"timestamp", "merge", "value"})
# YAML's core schema, in which API descriptions are written: there, `no` and `on` are text.
_CORE_PATTERNS = {
    "null": ("~nN", r"~|null|Null|NULL"),
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE"),
    "int": ("-+0123456789", r"[-+]?[0-9]+"),
    "float": ("-+.0123456789", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
}
_CORE: Resolvers = {"": [(TAG + "null", re.compile(r"\Z"))]}
for _name, (_signs, _pattern) in _CORE_PATTERNS.items():
    for _sign in _signs:
        _CORE.setdefault(_sign, []).append((TAG + _name, re.compile(rf"(?:{_pattern})\Z")))
_NUMBERS = yaml.constructor.SafeConstructor()


@dataclass
class Text:
    """A file's content. `odd` says that it may contain something that JSON cannot represent."""

    value: Any
    odd: bool = False


@dataclass(slots=True)
class _Frame:
    """A list or object that is being read."""

    value: Any
    anchor: str | None
    is_map: bool
    is_flow: bool = False
    lines: dict[Any, int] = field(default_factory=dict)
    key: Any = None
    has_key: bool = False
    merged: list[dict[Any, Any]] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    size: int
    height: int


class _Merge:
    """Marks YAML's merge key."""


def read_text(text: str, *, max_depth: int, plain_keys: bool = False, slips: Slips | None = None) -> Text:
    """Return the content of a text; raise BundleInvalid.

    With `plain_keys`, scalars follow YAML's core schema and every key is the text as written. `slips` collects what may
    mean something else than it seems to.
    """
    try:
        if text.lstrip()[:1] in {"{", "["}:
            read = _read_json(text, max_depth, once=slips is not None)
            if read is not None:
                return read
        return _Builder(max_depth, plain_keys=plain_keys, slips=slips).build(text)
    except RecursionError:
        raise BundleInvalid(["The file is nested too deep."]) from None
    # PyYAML's constructors raise any of these for a tagged text that is no such value, such as `!!int ""`.
    except (yaml.YAMLError, ValueError, LookupError) as problem:
        raise BundleInvalid([f"The file is neither YAML nor JSON: {problem}"]) from None


def _read_json(text: str, max_depth: int, *, once: bool) -> Text | None:
    """Return the content of JSON text; None for text that may still be YAML.

    With `once`, None too for one that has a key twice in an object: YAML's parser knows the lines.
    """
    odd = "\\u0000" in text or "\0" in text
    repeated = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        made = dict(pairs)
        repeated = repeated or len(made) < len(pairs)
        return made

    def number(written: str) -> float:
        nonlocal odd
        value = float(written)
        odd = odd or not math.isfinite(value)
        return value

    def whole(written: str) -> int:  # in Python, so that other threads get their turn in a file of numbers
        return int(written)

    try:
        hook = members if once else None
        value = json.loads(text, parse_int=whole, parse_float=number, parse_constant=number, object_pairs_hook=hook)
    except json.JSONDecodeError:
        if len(text) > MAX_SECOND_TRY:
            raise
        return None
    _refuse_deep(value, max_depth)
    return None if repeated else Text(value, odd)


def _refuse_deep(value: Any, max_depth: int) -> None:
    level, depth = [value], 0
    while level:
        if depth > max_depth + 1:
            raise BundleInvalid([f"The file is nested deeper than {max_depth} levels."])
        below = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
        level, depth = [child for child in below if isinstance(child, dict | list)], depth + 1


class _Builder:
    """Builds values from the events of YAML's parser."""

    def __init__(self, max_depth: int, *, plain_keys: bool, slips: Slips | None) -> None:
        self._max_depth = max_depth
        self._slips = slips
        self._plain_keys = plain_keys
        self._resolvers = _CORE if plain_keys else _WORDY
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._read = Text(None)
        self._finished = False

    def build(self, text: str) -> Text:
        """Return the content of a stream's only document."""
        loader = yaml.CSafeLoader(text)
        try:
            while (event := loader.get_event()) is not None:
                self._take(event)
        finally:
            loader.dispose()
        return self._read

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event), event, event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.AliasEvent():
                self._add_alias(event)
            case yaml.DocumentStartEvent() if self._finished:
                raise BundleInvalid([f"The file holds more than one document{_at(event)}."])
            case yaml.DocumentEndEvent():
                self._finished = True

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        at_key = bool(self._stack) and self._stack[-1].is_map and not self._stack[-1].has_key
        text: str = event.value
        if at_key and text == MERGE and event.implicit[0]:
            return _Merge
        if at_key and self._plain_keys:
            return text
        tag = event.tag if event.tag not in {None, "!"} else self._implied(event)
        if tag == TAG + "str":
            if "\0" in text:
                self._read.odd = True
            return text
        if tag not in JSON_TAGS:
            raise BundleInvalid([f"The file has a value of a kind that JSON does not have, {tag}{_at(event)}."])
        value = self._constructed(tag, text)
        if self._slips and not at_key and event.tag is None and tag.endswith((":int", ":float")):
            self._slips.number(value, event)
        return value

    def _implied(self, event: yaml.ScalarEvent) -> str:
        if event.tag is None and event.implicit[0]:
            for tag, pattern in self._resolvers.get(event.value[:1], ()):
                if pattern.match(event.value):
                    return tag
        return TAG + "str"

    def _constructed(self, tag: str, text: str) -> Any:
        if tag.endswith(":null"):
            return None
        self._read.odd = True  # JSON may be unable to represent a number
        if self._plain_keys and tag.endswith(":int"):
            return int(text)
        node = yaml.ScalarNode(tag, text)
        if tag.endswith(":bool"):
            return _NUMBERS.construct_yaml_bool(node)
        return _NUMBERS.construct_yaml_int(node) if tag.endswith(":int") else _NUMBERS.construct_yaml_float(node)

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in {None, "!", TAG + ("map" if is_map else "seq")}:
            raise BundleInvalid([f"The file has a value of a kind that JSON does not have, {event.tag}{_at(event)}."])
        if self._stack and self._stack[-1].is_map and not self._stack[-1].has_key:
            raise BundleInvalid([f"The file is neither YAML nor JSON: a key is not text{_at(event)}."])
        if len(self._stack) > self._max_depth:
            raise BundleInvalid([f"The file is nested deeper than {self._max_depth} levels{_at(event)}."])
        if event.anchor:
            self._open.add(event.anchor)
        self._stack.append(_Frame({} if is_map else [], event.anchor, is_map, is_flow=bool(event.flow_style)))

    def _end(self, event: yaml.Event) -> None:
        frame = self._stack.pop()
        value = frame.value
        if frame.merged:
            # Of several merged objects the first wins; the object's own members win over all of them.
            value = {key: each for source in reversed(frame.merged) for key, each in source.items()} | value
        if frame.anchor:
            self._open.discard(frame.anchor)
        self._add(value, event, frame.anchor, frame.size, frame.height)

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        anchor = str(event.anchor)
        if anchor in self._open:
            raise BundleInvalid([f"An alias contains itself{_at(event)}."])
        target = self._anchors.get(anchor)
        if target is None:
            raise BundleInvalid([f"The alias {anchor[:40]} names nothing{_at(event)}."])
        if len(self._stack) + target.height > self._max_depth + 1:
            raise BundleInvalid([f"The file is nested deeper than {self._max_depth} levels{_at(event)}."])
        self._add(target.value, event, None, target.size, target.height)

    def _add(self, value: Any, event: yaml.Event, anchor: str | None, size: int = 1, height: int = 0) -> None:
        """Put a value where it belongs: at the top, into a list, as the key or the value of a member."""
        if anchor:
            self._anchors[anchor] = _Anchored(value, size, height)
        # The items of a list or object were counted before it ended; an alias repeats all of its target's.
        self._nodes += size if isinstance(event, yaml.AliasEvent) else 1
        if self._nodes > MAX_NODES:
            raise BundleInvalid([f"The file expands to more than {MAX_NODES} items: its aliases multiply them."])
        if not self._stack:
            self._read.value = value
            return
        frame = self._stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if not frame.is_map:
            frame.value.append(value)
        elif not frame.has_key:
            if isinstance(value, dict | list):
                raise BundleInvalid([f"The file is neither YAML nor JSON: a key is not text{_at(event)}."])
            frame.key, frame.has_key = value, True
            if self._slips and value is not _Merge:
                self._slips.key(value, event, frame.lines)
        else:
            self._add_member(frame, value, event)

    def _add_member(self, frame: _Frame, value: Any, event: yaml.Event) -> None:
        key, frame.key, frame.has_key = frame.key, None, False
        if self._slips and frame.is_flow and is_unsaid(event):
            self._slips.unsaid(key, next(reversed(frame.value.values()), None), event)
        if key is not _Merge:
            frame.value[key] = value
            return
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise BundleInvalid([f"The file merges something other than objects{_at(event)}."])
        frame.merged += sources


def _at(event: yaml.Event) -> str:
    mark = event.start_mark
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
