"""Names for ids: an argument takes the name of a department, and a result has it beside the id.

The entries of a lookup are listed with the server's own tool, and kept for NAMES_SECONDS, or until a write of this
process changes the resource. Where they cannot be had, ids stay as they are.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

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

    def matching(self, name: str) -> list[Entry]:
        """Return the entries of this name, or else those whose name has all its words."""
        wanted = _words(name)
        exact = [entry for entry in self.by_id.values() if _words(entry.name) == wanted]
        return exact or [entry for entry in self.by_id.values() if wanted and {*wanted} <= {*_words(entry.name)}]


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

    async def shown(self, tool: Tool, result: Any) -> Any:
        """Return a record, or each record of a list, with the names beside the ids."""
        records = result if isinstance(result, list) else [result]
        known = await self._known_members(tool, records)
        if not known:
            return result
        named = [_named(record, known) if isinstance(record, dict) else record for record in records]
        return named if isinstance(result, list) else named[0]

    async def _known_members(self, tool: Tool, records: list[Any]) -> dict[str, tuple[str, dict[str, Entry]]]:
        """Return, of the members with an id that any record has, what to call its name, and the entries by id."""
        present = {name for record in records if isinstance(record, dict) for name in record}
        known: dict[str, tuple[str, dict[str, Entry]]] = {}
        for key, lookup in self.lookups.items():
            members = present.intersection(lookup.members)
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
        kept = kept_entries(self.account_id, key, lookup)
        if kept is not None:
            return kept
        found: dict[str, Entry] = {}
        is_complete = False
        # The call itself is more than its names.
        with suppress(CallFailed):
            is_complete = await list_entries(lookup, lister, self.asking, found)
        return keep_entries(self.account_id, key, lookup, Entries(found, is_complete=is_complete))


async def list_entries(lookup: Lookup, lister: Tool, asking: Asking, found: dict[str, Entry]) -> bool:
    """Add the entries that the vendor lists to `found`; return whether these are all. Raises CallFailed."""
    if lister.pager is None:
        return False
    count = 0
    async for page in pages(lister, lister.pager, {}, asking):
        found |= {str(entry.id): entry for item in page.view.items if (entry := _read(item, lookup))}
        count += 1
        if page.is_last or count == MOST_PAGES:
            return page.is_last and not page.view.note
    return False


_kept: OrderedDict[tuple[UUID, str, str], tuple[float, Entries]] = OrderedDict()


def kept_entries(account_id: UUID, key: str, lookup: Lookup) -> Entries | None:
    """Return the entries of a lookup that are still kept; None where they must be listed."""
    until, entries = _kept.get((account_id, lookup.method, key), (0.0, None))
    return entries if until > time.monotonic() else None


def keep_entries(account_id: UUID, key: str, lookup: Lookup, entries: Entries) -> Entries:
    """Keep the entries of a lookup for NAMES_SECONDS, and return them."""
    _kept[account_id, lookup.method, key] = (time.monotonic() + settings.NAMES_SECONDS, entries)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return entries


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


def _named(record: dict[str, Any], known: dict[str, tuple[str, dict[str, Entry]]]) -> dict[str, Any]:
    """Return a record with each name behind its id; a record that has such a member keeps its own."""
    shown: dict[str, Any] = {}
    for member, value in record.items():
        shown[member] = value
        if member in known:
            name, by_id = known[member]
            entry = by_id.get(str(value))
            if entry and name not in record and name not in shown:
                shown[name] = entry.shown
    return shown


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
