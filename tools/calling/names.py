"""Names for ids: an argument takes the name of a department, and a result has it beside the id.

The entries of a lookup are listed with the server's own tool, and kept for NAMES_SECONDS, or until a write of this
process changes the resource. Where they cannot be had, ids stay as they are.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import count as numbers
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import jmespath
from django.conf import settings
from jmespath.exceptions import JMESPathError

from accounts.definition import Lookup
from accounts.texts.invisible import visible
from accounts.texts.nearest import nearest
from tools.calling.sending.checking import invalid_arguments
from tools.calling.walking import Asking, pages
from tools.catalogue.projection import Tree
from tools.catalogue.tool import Tool, ToolSet
from tools.errors import CallFailed
from tools.member_paths import changed_at, member_at, values_at

MOST_PAGES = 10
MOST_KEPT = 10_000
MOST_CANDIDATES = 20
MOST_OF_NAME = 120
# How long a list that did not come is not asked for again, in seconds: a failure must not outlast itself by much.
FAILED_SECONDS = 10
INACTIVE = " (inactive)"
# An id that can be told as it is.
PLAIN = re.compile(r"[\w.@:-]+")
# What is no name: a number, a UUID, or another long token with digits.
PLAINLY_AN_ID = re.compile(r"[0-9]+|[0-9a-fA-F-]{32,36}|(?=\S*[0-9])\S{12,}")


# By an argument's path, the tool that lists its names, where it did not list all of them.
Unlisted = dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a lookup; its id as the vendor writes it."""

    id: Any
    name: str
    is_active: bool

    @property
    def shown(self) -> str:
        """The name as a value."""
        return self.name if self.is_active else f"{self.name}{INACTIVE}"

    def told(self, form: str) -> str:
        """Return name and id within a sentence of Patchbay's own, quoted: neither can be taken for a part of it."""
        number = str(self.id) if PLAIN.fullmatch(str(self.id)) else repr(self.id)
        return form.format(repr(self.name), number if self.is_active else f"{number}, inactive")


@dataclass(frozen=True)
class Entries:
    """The entries of a lookup, all of them if `is_complete`, by the text of their id."""

    by_id: dict[str, Entry] = field(default_factory=dict)
    is_complete: bool = False

    @cached_property
    def shown(self) -> dict[str, str]:
        """The names as they are shown, by the text of their id."""
        return {key: entry.shown for key, entry in self.by_id.items()}

    def named(self, name: str) -> list[Entry]:
        """Return the entries of this very name."""
        wanted = _words(name)
        return [entry for entry in self.by_id.values() if _words(entry.name) == wanted]

    def matching(self, name: str) -> list[Entry]:
        """Return the entries of this name, or else those whose name has all its words."""
        wanted = _words(name)
        return self.named(name) or [
            entry for entry in self.by_id.values() if wanted and {*wanted} <= {*_words(entry.name)}
        ]


@dataclass(frozen=True, slots=True)
class ShownName:
    """What the names of a member's ids are shown as, and each by the text of its id."""

    shown_as: str
    by_id: Mapping[str, str]


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
    # The account's, since another connection may lead to other departments of the same names.
    revision: int = 0
    # Whether a list that does not come fails the call; otherwise its names are missing, which is less than the call.
    must_come: bool = False

    async def resolved(self, tool: Tool, used: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...], Unlisted]:
        """Return arguments with ids in place of names, remarks, and what was not listed; raise InvalidArguments."""
        changed, remarks, unlisted = used, [], Unlisted()
        for path, lookups in self._of_arguments(used).items():
            entries, way = _together([await self._entries(*lookup) for lookup in lookups]), path.split(".")
            named = dict.fromkeys(value for value in values_at(used, way) if isinstance(value, str))
            found = {name: entry for name in named if (entry := self._entry(tool, path, name, entries))}
            changed = changed_at(changed, way, partial(_as_id, found))
            remarks += [f"{path}: {entry.told('{} is {}')}." for entry in found.values()]
            if not entries.is_complete and named.keys() - found.keys():
                unlisted[path] = lookups[0][2].name
        return changed, tuple(remarks), unlisted

    def _of_arguments(self, used: dict[str, Any]) -> dict[str, list[tuple[str, Lookup, Tool]]]:
        """Return the lookups of the arguments that may have a name, by path."""
        found: dict[str, list[tuple[str, Lookup, Tool]]] = {}
        for key, lookup in self.lookups.items():
            given = [path for path in lookup.arguments if path.partition(".")[0] in used]
            lister = self.tools.of_method(lookup.method) if given else None
            for path in given if lister else ():
                texts = (value for value in values_at(used, path.split(".")) if isinstance(value, str))
                if lister and any(not PLAINLY_AN_ID.fullmatch(text) for text in texts):
                    found.setdefault(path, []).append((key, lookup, lister))
        return found

    def _entry(self, tool: Tool, name: str, value: str, entries: Entries) -> Entry | None:
        """Return the entry that a name means; None for what is an id, or may be one."""
        if value in entries.by_id or PLAINLY_AN_ID.fullmatch(value):
            return None
        # Where some were not read, one of them may have the very name.
        found = entries.matching(value) if entries.is_complete else entries.named(value)
        usable = found if tool.read_only else [entry for entry in found if entry.is_active]
        if len(usable) == 1:
            return usable[0]
        if not entries.is_complete and not found:
            return None
        raise invalid_arguments(tool, [_unclear(name, value, found, usable, entries)])

    async def beside(self, tool: Tool, result: Any, shown: Tree | None = None) -> dict[str, ShownName]:
        """Return the names to show beside the ids of a record, or of a list's records, by the path to the id.

        `shown` are the members that are shown at all, all of them if it is None.
        """
        wanted = [*self._of_members(tool, result if isinstance(result, list) else [result], shown)]
        # Several lookups may read one list, which is asked for once.
        missing = {self._list_of(each[1]): each[:3] for each in wanted if self._known(*each[:2]) is None}
        if len(missing) > 1:
            # Each is a walk of its own, and none waits for another.
            await asyncio.gather(*(self._entries(*each) for each in missing.values()))
        names: dict[str, ShownName] = {}
        for key, lookup, lister, members in wanted:
            entries = await self._entries(key, lookup, lister)
            names |= dict.fromkeys(members, ShownName(lookup.shown_as or key, entries.shown))
        return names

    def _of_members(
        self, tool: Tool, records: list[Any], shown: Tree | None
    ) -> Iterable[tuple[str, Lookup, Tool, list[str]]]:
        records = [record for record in records if isinstance(record, dict)]
        for key, lookup in self.lookups.items():
            tops = {path: path.partition(".")[0] for path in lookup.members}
            name = lookup.shown_as or key
            members = [
                path
                for path, top in tops.items()
                if (shown is None or top in shown or name in shown) and any(top in record for record in records)
            ]
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

    def kept(self, key: str) -> Entries | None:
        """Return the entries of a lookup that need not be listed now; None where they must be."""
        return self._known(key, self.lookups[key])

    async def entries(self, key: str, lister: Tool) -> Entries:
        """Return the entries of a lookup; those that did not come are missing, or raise CallFailed if they must."""
        return await self._entries(key, self.lookups[key], lister)

    def _known(self, key: str, lookup: Lookup) -> Entries | None:
        until, known_by, entries = _kept.get((self.account_id, lookup.method, key), (0.0, None, None))
        return entries if until > time.monotonic() and known_by == (self.revision, lookup) else None

    async def _entries(self, key: str, lookup: Lookup, lister: Tool) -> Entries:
        known = self._known(key, lookup)
        if known is not None:
            return known
        place = (self.account_id, self._list_of(lookup))
        # Calls at once, such as the steps of a composite, list them once; a lock belongs to one loop.
        turn = _listing.setdefault((asyncio.get_running_loop(), place), asyncio.Lock())
        async with turn:
            return self._known(key, lookup) or (await self._listed_alike(lookup, lister))[key]

    async def _listed_alike(self, lookup: Lookup, lister: Tool) -> dict[str, Entries]:
        """List the entries of a lookup, and keep them with those of the others that read the same list."""
        written = self.account_id, lookup.method.partition(".")[0]
        before = _writes.get(written)
        items, is_complete, seconds = await self._listed(lookup, lister)
        alike = {
            name: _entries_of(items, other, is_complete=is_complete)
            for name, other in self.lookups.items()
            if self._list_of(other) == self._list_of(lookup)
        }
        # What was listed while a write changed it may lack the change.
        for name, entries in alike.items() if _writes.get(written) == before else ():
            known_by = self.revision, self.lookups[name]
            _kept[self.account_id, lookup.method, name] = (time.monotonic() + seconds, known_by, entries)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        return alike

    @staticmethod
    def _list_of(lookup: Lookup) -> str:
        """Return what tells the list of a lookup from others: its method, and what it is asked for with."""
        return f"{lookup.method} {sorted(lookup.filters.items())}"

    async def _listed(self, lookup: Lookup, lister: Tool) -> tuple[list[Any], bool, float]:
        """Return the items that the vendor lists, whether they are all, and for how long they are kept."""
        items: list[Any] = []
        if lister.pager is None:
            return items, False, settings.NAMES_SECONDS
        count, is_complete = 0, False
        # The call itself is more than its names.
        try:
            async for page in pages(lister, lister.pager, lookup.filters, self.asking):
                items += page.view.items
                count += 1
                if page.is_last or count == MOST_PAGES:
                    is_complete = page.is_last and not page.view.note and page.view.is_end_known
                    break
        except CallFailed:
            if self.must_come:
                raise
            return items, False, min(FAILED_SECONDS, settings.NAMES_SECONDS)
        return items, is_complete, settings.NAMES_SECONDS


Place = tuple[UUID, str, str]
# Until when, and for which revision of the account and which lookup.
_kept: OrderedDict[Place, tuple[float, tuple[int, Lookup], Entries]] = OrderedDict()
# The number of the last write to a resource of an account.
_writes: OrderedDict[tuple[UUID, str], int] = OrderedDict()
_numbers = numbers()
# Whose turn it is to list, by the list that a lookup reads.
_listing: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, tuple[UUID, str]], asyncio.Lock] = WeakValueDictionary()


def forget(account_id: UUID, resource: str) -> None:
    """Forget the entries that a write to a resource may have changed."""
    _writes[account_id, resource] = next(_numbers)
    _writes.move_to_end((account_id, resource))
    while len(_writes) > MOST_KEPT:
        _writes.popitem(last=False)
    for place in [each for each in _kept if each[0] == account_id and each[1].startswith(f"{resource}.")]:
        _kept.pop(place, None)


def _entries_of(items: list[Any], lookup: Lookup, *, is_complete: bool) -> Entries:
    """Return the entries in a list; items of which none could be read say nothing of what there is."""
    by_id = {str(entry.id): entry for entry in _entries_in(items, lookup)}
    return Entries(by_id, is_complete and bool(by_id or not items))


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
    # Names stand in Patchbay's own sentences, which no budget cuts.
    line = visible(" ".join(text[: 2 * MOST_OF_NAME].split()))
    short = line if len(line) <= MOST_OF_NAME else f"{line[: MOST_OF_NAME - 1]}…"
    return Entry(held, short, active) if short and len(str(held)) <= MOST_OF_NAME else None


def _named_group(group: dict[str, Any], by_id: dict[str, Entry]) -> dict[str, Any]:
    entry = by_id.get(str(group["value"]))
    return {"value": group["value"], "name": entry.shown, "count": group["count"]} if entry else group


def _as_id(found: dict[str, Entry], value: Any) -> Any:
    """Return the id that a name was found to mean; anything else as it is."""
    entry = found.get(value) if isinstance(value, str) else None
    return str(entry.id) if entry else value


def _unclear(name: str, value: str, found: list[Entry], usable: list[Entry], entries: Entries) -> str:
    """Return why a name means no entry, with those that it may mean."""
    if found and not usable:
        return f"{name}: {_listed_names(found)}: give the id if that is meant all the same."
    if usable:
        return f"{name}: {value!r} may be any of {_listed_names(usable)}. Give the id."
    every = [entry for entry in entries.by_id.values() if entry.is_active]
    meant = nearest(value, [entry.name for entry in every], cutoff=0.5)
    hint = f" Did you mean {meant!r}?" if meant else ""
    return f"{name}: there is no {value!r}.{hint} There are: {_listed_names(every)}."


def _listed_names(entries: list[Entry]) -> str:
    named = ", ".join(entry.told("{} ({})") for entry in entries[:MOST_CANDIDATES])
    more = len(entries) - MOST_CANDIDATES
    return f"{named} and {more} more" if more > 0 else named
