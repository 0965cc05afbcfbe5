"""Names for ids: an argument takes the name of a department, and a result has it beside the id.

The entries of a lookup are listed with the server's own tool, and kept for NAMES_SECONDS, or until a write of this
process changes the resource. Where they cannot be had, ids stay as they are.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import jmespath
from django.conf import settings

from accounts.definition import Lookup
from accounts.texts.nearest import nearest
from tools.calling.sending.checking import invalid_arguments
from tools.calling.walking import Asking, pages
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import CallFailed
from tools.member_paths import member_at

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

    @cached_property
    def shown(self) -> dict[str, str]:
        """The names as they are shown, by the text of their id."""
        return {key: entry.shown for key, entry in self.by_id.items()}

    def matching(self, name: str) -> list[Entry]:
        """Return the entries of this name, or else those whose name has all its words."""
        wanted = _words(name)
        exact = [entry for entry in self.by_id.values() if _words(entry.name) == wanted]
        return exact or [entry for entry in self.by_id.values() if wanted and {*wanted} <= {*_words(entry.name)}]


@dataclass(frozen=True, slots=True)
class ShownName:
    """What the names of a member's ids are shown as, and each by the text of its id."""

    shown_as: str
    by_id: Mapping[str, str]


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
        changed, remarks = dict(used), []
        for name, lookup in self._of_arguments(tool, used):
            entries = await self._entries(*lookup)
            values = used[name] if isinstance(used[name], list) else [used[name]]
            found = [self._entry(tool, name, value, entries) for value in values]
            ids = [value if entry is None else entry.id for value, entry in zip(values, found, strict=True)]
            ids = [str(each) if isinstance(value, str) else each for value, each in zip(values, ids, strict=True)]
            changed[name] = ids if isinstance(used[name], list) else ids[0]
            remarks += [f"{name}: {entry.shown} is {entry.id}." for entry in found if entry]
        return changed, tuple(remarks)

    def _of_arguments(self, tool: Tool, used: dict[str, Any]) -> Iterable[tuple[str, tuple[str, Lookup, Tool]]]:
        for key, lookup in self.lookups.items():
            lister = self.tools.of_method(lookup.method)
            for name in lookup.arguments if lister else ():
                values = used.get(name)
                texts = values if isinstance(values, list) else [values]
                if lister and any(isinstance(text, str) and not PLAINLY_AN_ID.fullmatch(text) for text in texts):
                    yield name, (key, lookup, lister)

    def _entry(self, tool: Tool, name: str, value: Any, entries: Entries) -> Entry | None:
        """Return the entry that a name means; None for what is an id, or may be one."""
        if not isinstance(value, str) or value in entries.by_id or PLAINLY_AN_ID.fullmatch(value):
            return None
        found = entries.matching(value)
        usable = found if tool.read_only else [entry for entry in found if entry.is_active]
        if len(usable) == 1:
            return usable[0]
        if not entries.is_complete and not found:
            return None
        raise invalid_arguments(tool, [_unclear(name, value, found, usable, entries)])

    async def beside(self, tool: Tool, result: Any) -> dict[str, ShownName]:
        """Return the names to show beside the ids of a record, or of a list's records, by the member with the id."""
        wanted = [*self._of_members(tool, result if isinstance(result, list) else [result])]
        missing = [each[:3] for each in wanted if self._known(*each[:2]) is None]
        if len(missing) > 1:
            # Each is a walk of its own, and none waits for another.
            await asyncio.gather(*(self._entries(*each) for each in missing))
        names: dict[str, ShownName] = {}
        for key, lookup, lister, members in wanted:
            shown = (await self._entries(key, lookup, lister)).shown
            names |= dict.fromkeys(members, ShownName(lookup.shown_as or key, shown))
        return names

    def _of_members(self, tool: Tool, records: list[Any]) -> Iterable[tuple[str, Lookup, Tool, list[str]]]:
        records = [record for record in records if isinstance(record, dict)]
        for key, lookup in self.lookups.items():
            members = [member for member in lookup.members if any(member in record for record in records)]
            lister = self.tools.of_method(lookup.method) if members else None
            if lister and lister is not tool:
                yield key, lookup, lister, members

    async def in_groups(self, member: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the groups of a count by a member with the names of its values."""
        for key, lookup in self.lookups.items():
            lister = self.tools.of_method(lookup.method) if member in lookup.members else None
            if lister:
                by_id = (await self._entries(key, lookup, lister)).by_id
                return [_named_group(group, by_id) for group in groups]
        return groups

    def _known(self, key: str, lookup: Lookup) -> Entries | None:
        until, entries = _kept.get((self.account_id, lookup.method, key), (0.0, None))
        return entries if until > time.monotonic() else None

    async def _entries(self, key: str, lookup: Lookup, lister: Tool) -> Entries:
        known = self._known(key, lookup)
        if known is not None:
            return known
        place = (self.account_id, lookup.method, key)
        # Calls at once, such as the steps of a composite, list them once; a lock belongs to one loop.
        turn = _listing.setdefault((asyncio.get_running_loop(), place), asyncio.Lock())
        async with turn:
            known = self._known(key, lookup)
            if known is not None:
                return known
            entries = await self._listed(lookup, lister)
            _kept[place] = (time.monotonic() + settings.NAMES_SECONDS, entries)
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
            return entries

    async def _listed(self, lookup: Lookup, lister: Tool) -> Entries:
        """Return the entries as the vendor lists them; none where it does not."""
        by_id: dict[str, Entry] = {}
        if lister.pager is None:
            return Entries()
        count = 0
        # The call itself is more than its names.
        with suppress(CallFailed):
            async for page in pages(lister, lister.pager, {}, self.asking):
                by_id |= {str(entry.id): entry for item in page.view.items if (entry := _read(item, lookup))}
                count += 1
                if page.is_last or count == MOST_PAGES:
                    return Entries(by_id, is_complete=page.is_last and not page.view.note)
        return Entries(by_id)


Place = tuple[UUID, str, str]
_kept: OrderedDict[Place, tuple[float, Entries]] = OrderedDict()
_listing: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, Place], asyncio.Lock] = WeakValueDictionary()


def forget(account_id: UUID, resource: str) -> None:
    """Forget the entries that a write to a resource may have changed."""
    for place in [each for each in _kept if each[0] == account_id and each[1].startswith(f"{resource}.")]:
        _kept.pop(place, None)


def _read(item: Any, lookup: Lookup) -> Entry | None:
    held = member_at(item, lookup.id.split("."))
    if held is None or isinstance(held, dict | list):
        return None
    name = jmespath.search(lookup.name, item)
    text = " ".join(str(each) for each in name if each) if isinstance(name, list) else str(name or "")
    active = True if lookup.active is None else bool(jmespath.search(lookup.active, item))
    return Entry(held, text.strip(), active) if text.strip() else None


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
