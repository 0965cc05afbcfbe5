"""Present records to a model in one pass: the members that it asked for, names beside ids, all of it cleaned.

The records of a list mostly have the same members, so what becomes of each member is planned once for all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from accounts.definition import Shaping
from accounts.vendors.record_pages import RecordPage
from tools.calling.cleaning import NESTED, ResultCleaner, as_text, without_empty
from tools.calling.names import ShownName
from tools.catalogue.projection import Tree, kept
from tools.catalogue.record_urls import URL


class ShownMember(NamedTuple):
    """One member to show, and the member of the record that it is made from.

    It is the name of an id where there are `names`, and is left out where these do not have it; otherwise it is
    converted, or only cleaned.
    """

    shown: str
    source: str
    names: Mapping[str, str] | None
    convert: Callable[[Any], Any] | None


class Presentation:
    """How the records of one result are shown. `tree` are the members to keep, all of them if it is None.

    `names` has, by the path to an id, the name that is shown behind it; an object that has a member of that name keeps
    its own. `page` is where the records have pages in the vendor's own UI: the address is shown as `url`, in the
    place of a member of that name, which the documentation does not know.
    """

    def __init__(
        self, tree: Tree | None, names: Mapping[str, ShownName], shaping: Shaping, page: RecordPage | None = None
    ) -> None:
        self._tree = tree
        self._names = {path: name for path, name in names.items() if "." not in path}
        self._inside = [(path.split("."), name) for path, name in names.items() if "." in path]
        self._page = page
        self._cleaner = ResultCleaner.of(shaping)
        self._plans: dict[tuple[str, ...], list[ShownMember]] = {}
        self._is_plain = tree is None and not names and not page and self._cleaner.changes_nothing

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
        clean, drops_nulls = self._cleaner.clean, self._cleaner.drops_nulls
        shown = {}
        # A page has hundreds of members, and most are scalars: a call for each would only take time.
        for name, source, names, convert in plan:
            value = record[source]
            if names is not None:
                value = _names_of(value, names) if type(value) is list else names.get(str(value))
                if value is None:
                    continue
            elif convert is not None:
                value = convert(value)
            elif isinstance(value, NESTED):
                value = clean(value)
            if value is None and drops_nulls:
                continue
            shown[name] = value
        return without_empty(shown) if self._cleaner.drops_empty else shown

    def _planned(self, members: tuple[str, ...]) -> list[ShownMember]:
        """Return what becomes of the members of a record that has just these."""
        plan: list[ShownMember] = []
        taken, page = {*members}, self._page if self._page and self._page.member in members else None
        for member in members:
            if self._keeps(member) and not (page and member == URL):
                plan.append(ShownMember(member, member, None, self._conversion(member)))
            if page and member == page.member and self._keeps(URL):
                plan.append(ShownMember(URL, member, None, page.address))
            named = self._names.get(member)
            if named and named.shown_as not in taken and self._keeps(named.shown_as):
                taken.add(named.shown_as)
                plan.append(ShownMember(named.shown_as, member, named.by_id, None))
        return plan

    def _keeps(self, member: str) -> bool:
        return self._tree is None or member in self._tree

    def _conversion(self, member: str) -> Callable[[Any], Any] | None:
        inner, is_html = self._tree[member] if self._tree else None, member in self._cleaner.html
        return partial(self._converted, inner, is_html) if inner is not None or is_html else None

    def _converted(self, inner: Tree | None, is_html: bool, value: Any) -> Any:
        shown = self._cleaner.clean(kept(value, inner))
        return as_text(shown) if is_html else shown


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
    return [names[str(each)] for each in ids if str(each) in names] or None
