"""Present records to a model in one pass: the members that it asked for, names beside ids, all of it cleaned.

The records of a list mostly have the same members, so what becomes of each member is planned once for all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accounts.definition import Shaping
from accounts.vendors.record_pages import RecordPage
from tools.calling.cleaning import NESTED_TYPES, ResultCleaner, as_text, without_empty
from tools.calling.names import ShownName
from tools.catalogue.projection import Tree, kept
from tools.catalogue.record_urls import URL


class Plan(NamedTuple):
    """What becomes of the records that have just the same members.

    `shown` are the members to show, in their order, each with the member that it is made from: `named` are ids of which
    the name is shown, or nothing where there is none; `linked` get an address; `narrowed` keep only some members;
    `html` is converted to text.
    """

    shown: list[tuple[str, str]]
    named: list[tuple[str, Mapping[str, str]]]
    linked: list[tuple[str, RecordPage]]
    narrowed: list[tuple[str, Tree]]
    html: list[str]


class Presentation:
    """How the records of one result are shown. `tree` are the members to keep, all of them if it is None.

    `names` has, by the path to an id, the name that is shown behind it; an object that has a member of that name keeps
    its own. `page` is where the records have pages in the vendor's own UI: the address is shown as `url`, in the
    place of a member of that name, which the documentation does not know.
    """

    def __init__(
        self, tree: Tree | None, names: Mapping[str, ShownName], shaping: Shaping, page: RecordPage | None = None
    ) -> None:
        self._cleaner = ResultCleaner.of(shaping)
        self._is_plain = tree is None and not names and not page and self._cleaner.changes_nothing
        if self._is_plain:
            return
        self._tree = tree
        self._names = {path: name for path, name in names.items() if "." not in path}
        self._inside = [(path.split("."), name) for path, name in names.items() if "." in path]
        self._page = page
        self._plans: dict[tuple[str, ...], Plan] = {}
        inner = {member for member, inside in tree.items() if inside is not None} if tree else set[str]()
        # Of these members more is to be known than whether they are shown.
        self._special = inner | self._cleaner.html | self._names.keys() | ({page.member, URL} if page else set())

    def of(self, result: Any) -> Any:
        """Return a record, or each record of a list, as it is shown."""
        if self._is_plain:
            return result
        for path, name in self._inside:
            result = _named_inside(result, path, name)
        return [self._record(each) for each in result] if isinstance(result, list) else self._record(result)

    def _record(self, record: Any) -> Any:
        if not isinstance(record, dict):
            return self._cleaner.clean(kept(record, self._tree))
        members = tuple(record)
        plan = self._plans.get(members)
        if plan is None:
            plan = self._plans[members] = self._planned(members)
        # A page has hundreds of members, and most are scalars that stay: a step for each would only take time.
        shown = {name: record[source] for name, source in plan.shown}
        for name, names in plan.named:
            value = shown[name]
            value = _names_of(value, names) if type(value) is list else names.get(str(value))
            if value is None:
                del shown[name]
            else:
                shown[name] = value
        for name, page in plan.linked:
            shown[name] = page.address(shown[name])
        for name, inner in plan.narrowed:
            shown[name] = kept(shown[name], inner)
        return self._cleaned(shown, plan.html)

    def _cleaned(self, shown: dict[str, Any], html: list[str]) -> dict[str, Any]:
        cleaner, has_null = self._cleaner, False
        for name, value in shown.items():
            if value is None:
                has_null = True
            elif type(value) is dict or (type(value) is list and not NESTED_TYPES.isdisjoint(map(type, value))):
                shown[name] = cleaner.clean(value)
        for name in html:
            shown[name] = as_text(shown[name])
        if has_null and cleaner.drops_nulls:
            shown = {name: value for name, value in shown.items() if value is not None}
        return without_empty(shown) if cleaner.drops_empty else shown

    def _planned(self, members: tuple[str, ...]) -> Plan:
        """Return what becomes of the records that have just these members."""
        plan, taken, tree = Plan([], [], [], [], []), {*members}, self._tree
        page = self._page if self._page and self._page.member in taken else None
        for member in members:
            if member not in self._special:
                if tree is None or member in tree:
                    plan.shown.append((member, member))
                continue
            if self._keeps(member) and not (page and member == URL):
                self._plan_member(plan, member)
            if page and member == page.member and self._keeps(URL):
                plan.shown.append((URL, member))
                plan.linked.append((URL, page))
            named = self._names.get(member)
            if named and named.shown_as not in taken and self._keeps(named.shown_as):
                taken.add(named.shown_as)
                plan.shown.append((named.shown_as, member))
                plan.named.append((named.shown_as, named.by_id))
        return plan

    def _plan_member(self, plan: Plan, member: str) -> None:
        plan.shown.append((member, member))
        if inner := self._tree and self._tree[member]:
            plan.narrowed.append((member, inner))
        if member in self._cleaner.html:
            plan.html.append(member)

    def _keeps(self, member: str) -> bool:
        return self._tree is None or member in self._tree


def _named_inside(value: Any, path: Sequence[str], name: ShownName) -> Any:
    """Return a value with the name behind each id at a path of two steps or more; lists on the way are entered."""
    if isinstance(value, list):
        return [_named_inside(item, path, name) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    member, rest = path[0], path[1:]
    if rest:
        return {**value, member: _named_inside(value[member], rest, name)}
    held = value[member]
    shown = _names_of(held, name.by_id) if isinstance(held, list) else name.by_id.get(str(held))
    if shown is None or name.shown_as in value:
        return value
    named: dict[str, Any] = {}
    for each, inner in value.items():
        named[each] = inner
        if each == member:
            named[name.shown_as] = shown
    return named


def _names_of(ids: list[Any], names: Mapping[str, str]) -> list[str] | None:
    """Return the names of those ids that have one; None where none has."""
    return [name for each in ids if (name := names.get(str(each))) is not None] or None
