"""Names for ids: an argument takes the name of a department, and a result has it beside the id.

The entries of a lookup are listed with the server's own tool, and kept for NAMES_SECONDS, or until a write of this
process changes the resource. Where they cannot be had, ids stay as they are.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import jmespath
from django.conf import settings
from jmespath.exceptions import JMESPathError

from accounts.definition import Lookup
from accounts.texts.nearest import nearest
from tools.calling.sending.checking import invalid_arguments
from tools.calling.walking import Asking, pages
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import CallFailed
from tools.member_paths import changed_at, member_at, values_at

MOST_PAGES = 10
MOST_KEPT = 10_000
MOST_CANDIDATES = 20
INACTIVE = " (inactive)"
# What is no name: a number, a UUID, or another long token with digits.
PLAINLY_AN_ID = re.compile(r"[0-9]+|[0-9a-fA-F-]{32,36}|(?=\S*[0-9])\S{12,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a lookup; its id as the vendor writes it."""

    id: Any
    name: str
    is_active: bool

    @property
    def shown(self) -> str:
        return self.name if self.is_active else f"{self.name}{INACTIVE}"


@dataclass(frozen=True)
class Entries:
    """The entries of a lookup, all of them if `is_complete`, by the text of their id."""

    by_id: dict[str, Entry] = field(default_factory=dict)
    is_complete: bool = False

    def matching(self, name: str) -> list[Entry]:
        """Return the entries of this name, or else those whose name has all its words."""
        wanted = _words(name)
        exact = [entry for entry in self.by_id.values() if _words(entry.name) == wanted]
        return exact or [entry for entry in self.by_id.values() if wanted and {*wanted} <= {*_words(entry.name)}]


def _together(lists: list[Entries]) -> Entries:
    """Return the entries of several lookups; where two have one id, both can be found by their names."""
    by_id: dict[str, Entry] = {}
    for place, entries in enumerate(lists):
        by_id |= {f"{key} ({place})" if key in by_id else key: entry for key, entry in entries.by_id.items()}
    return Entries(by_id, all(entries.is_complete for entries in lists))


def _words(name: str) -> list[str]:
    return name.casefold().split()


@dataclass(frozen=True)
class NamesOfIds:
    """The lookups that one call may use: those whose list is among the tools of its caller."""

    account_id: UUID
    lookups: Mapping[str, Lookup]
    tools: ToolSet
    asking: Asking

    async def resolved(self, tool: Tool, used: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return arguments with ids in place of names, and remarks on these; raise InvalidArguments."""
        changed, remarks = used, []
        for path, lookups in self._of_arguments(used).items():
            entries, way = _together([await self._entries(*lookup) for lookup in lookups]), path.split(".")
            named = dict.fromkeys(value for value in values_at(used, way) if isinstance(value, str))
            found = {name: entry for name in named if (entry := self._entry(tool, path, name, entries))}
            changed = changed_at(changed, way, partial(_as_id, found))
            remarks += [f"{path}: {entry.shown} is {entry.id}." for entry in found.values()]
        return changed, tuple(remarks)

    def _of_arguments(self, used: dict[str, Any]) -> dict[str, list[tuple[str, Lookup, Tool]]]:
        """Return the lookups of the arguments that may have a name, by path."""
        found: dict[str, list[tuple[str, Lookup, Tool]]] = {}
        for key, lookup in self.lookups.items():
            lister = self.tools.of_method(lookup.method)
            for path in lookup.arguments if lister else ():
                texts = (value for value in values_at(used, path.split(".")) if isinstance(value, str))
                if lister and any(not PLAINLY_AN_ID.fullmatch(text) for text in texts):
                    found.setdefault(path, []).append((key, lookup, lister))
        return found

    def _entry(self, tool: Tool, name: str, value: str, entries: Entries) -> Entry | None:
        """Return the entry that a name means; None for what is an id, or may be one."""
        if value in entries.by_id or PLAINLY_AN_ID.fullmatch(value):
            return None
        found = entries.matching(value)
        usable = found if tool.read_only else [entry for entry in found if entry.is_active]
        if len(usable) == 1:
            return usable[0]
        if not entries.is_complete and not found:
            return None
        raise invalid_arguments(tool, [_unclear(name, value, found, usable, entries)])

    async def shown(self, tool: Tool, result: Any) -> Any:
        """Return a record, or each record of a list, with the names beside the ids."""
        records = result if isinstance(result, list) else [result]
        known = await self._known_members(tool, records)
        if not known:
            return result
        for path, (name, by_id) in known.items():
            records = [_named(record, path.split("."), name, by_id) for record in records]
        return records if isinstance(result, list) else records[0]

    async def _known_members(self, tool: Tool, records: list[Any]) -> dict[str, tuple[str, dict[str, Entry]]]:
        """Return, of the paths to an id that any record has, what to call its name, and the entries by id."""
        present = {name for record in records if isinstance(record, dict) for name in record}
        known: dict[str, tuple[str, dict[str, Entry]]] = {}
        for key, lookup in self.lookups.items():
            members = [path for path in lookup.members if path.partition(".")[0] in present]
            lister = self.tools.of_method(lookup.method) if members else None
            if lister and lister is not tool:
                by_id = (await self._entries(key, lookup, lister)).by_id
                known |= dict.fromkeys(members, (lookup.shown_as or key, by_id))
        return known

    async def in_groups(self, member: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the groups of a count by a member with the names of its values."""
        for key, lookup in self.lookups.items():
            lister = self.tools.of_method(lookup.method) if member in lookup.members else None
            if lister:
                by_id = (await self._entries(key, lookup, lister)).by_id
                return [_named_group(group, by_id) for group in groups]
        return groups

    async def _entries(self, key: str, lookup: Lookup, lister: Tool) -> Entries:
        place, now = (self.account_id, lookup.method, key), time.monotonic()
        kept = _kept.get(place)
        if kept and kept[0] > now:
            return kept[1]
        items, is_complete = await self._listed(lookup, lister)
        # Several lookups may read one list, which is asked for once.
        alike = {
            name: Entries({str(entry.id): entry for entry in _entries_in(items, other)}, is_complete)
            for name, other in self.lookups.items()
            if (other.method, other.filters) == (lookup.method, lookup.filters)
        }
        for name, entries in alike.items():
            _kept[self.account_id, lookup.method, name] = (now + settings.NAMES_SECONDS, entries)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        return alike[key]

    async def _listed(self, lookup: Lookup, lister: Tool) -> tuple[list[Any], bool]:
        """Return the items that the vendor lists, and whether they are all; none where it lists none."""
        items: list[Any] = []
        if lister.pager is None:
            return items, False
        count, is_complete = 0, False
        # The call itself is more than its names.
        with suppress(CallFailed):
            async for page in pages(lister, lister.pager, lookup.filters, self.asking):
                items += page.view.items
                count += 1
                if page.is_last or count == MOST_PAGES:
                    is_complete = page.is_last and not page.view.note
                    break
        return items, is_complete


_kept: OrderedDict[tuple[UUID, str, str], tuple[float, Entries]] = OrderedDict()


def forget(account_id: UUID, resource: str) -> None:
    """Forget the entries that a write to a resource may have changed."""
    for place in [each for each in _kept if each[0] == account_id and each[1].startswith(f"{resource}.")]:
        _kept.pop(place, None)


def _entries_in(items: list[Any], lookup: Lookup) -> Iterator[Entry]:
    """Yield the entries in a list as the vendor gave it, which may be another than the definition says."""
    with suppress(JMESPathError):
        held = jmespath.search(lookup.entries, items) if lookup.entries else items
        if isinstance(held, dict):
            held = [{"key": key, "value": value} for key, value in held.items()]
        for item in held if isinstance(held, list) else ():
            if entry := _read(item, lookup):
                yield entry


def _read(item: Any, lookup: Lookup) -> Entry | None:
    held = member_at(item, lookup.id.split("."))
    if held is None or isinstance(held, dict | list):
        return None
    name = jmespath.search(lookup.name, item)
    text = " ".join(str(each) for each in name if each) if isinstance(name, list) else str(name or "")
    active = True if lookup.active is None else bool(jmespath.search(lookup.active, item))
    return Entry(held, text.strip(), active) if text.strip() else None


def _named(value: Any, path: Sequence[str], name: str, by_id: dict[str, Entry]) -> Any:
    """Return a value with the name behind each id at a path; an object that has such a member keeps its own."""
    if isinstance(value, list):
        return [_named(item, path, name, by_id) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    member, rest = path[0], path[1:]
    if rest:
        return {**value, member: _named(value[member], rest, name, by_id)}
    shown = _names_of(value[member], by_id)
    if shown is None or name in value:
        return value
    named: dict[str, Any] = {}
    for each, held in value.items():
        named[each] = held
        if each == member:
            named[name] = shown
    return named


def _as_id(found: dict[str, Entry], value: Any) -> Any:
    """Return the id that a name was found to mean; anything else as it is."""
    entry = found.get(value) if isinstance(value, str) else None
    return str(entry.id) if entry else value


def _names_of(ids: Any, by_id: dict[str, Entry]) -> str | list[str] | None:
    """Return the name of an id, or the names of those ids of a list that have one; None where none has."""
    if isinstance(ids, list):
        return [by_id[str(each)].shown for each in ids if str(each) in by_id] or None
    entry = by_id.get(str(ids))
    return entry.shown if entry else None


def _named_group(group: dict[str, Any], by_id: dict[str, Entry]) -> dict[str, Any]:
    entry = by_id.get(str(group["value"]))
    return {"value": group["value"], "name": entry.shown, "count": group["count"]} if entry else group


def _unclear(name: str, value: str, found: list[Entry], usable: list[Entry], entries: Entries) -> str:
    """Return why a name means no entry, with those that it may mean."""
    if found and not usable:
        return f"{name}: {_listed_names(found)}: give the id if that is meant all the same."
    if usable:
        return f"{name}: {value!r} may be any of {_listed_names(usable)}. Give the id."
    every = [entry for entry in entries.by_id.values() if entry.is_active]
    meant = nearest(value, [entry.name for entry in every], cutoff=0.5)
    hint = f" Did you mean {meant}?" if meant else ""
    return f"{name}: there is no {value!r}.{hint} There are: {_listed_names(every)}."


def _listed_names(entries: list[Entry]) -> str:
    named = ", ".join(f"{entry.shown} ({entry.id})" for entry in entries[:MOST_CANDIDATES])
    more = len(entries) - MOST_CANDIDATES
    return f"{named} and {more} more" if more > 0 else named
