"""Present records to a model in one pass: the members that it asked for, names beside ids, all of it cleaned.

The records of a list mostly have the same members, so what becomes of each member is planned once for all of them, and
the rest is left to functions in C: lists of a few dozen records are what models ask for most.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any

from accounts.definition import Shaping
from tools.calling.cleaning import Cleaner, as_text, without_empty
from tools.calling.names import ShownName
from tools.catalogue.projection import Tree, kept

# Of values as JSON has them.
NESTED = frozenset({dict, list})
NULL = type(None)


@dataclass(slots=True)
class Plan:
    """What is shown of records with certain members: `shown` in this order, each made from the member in `sources`.

    Of these, `named` are names, made from ids, and `converted` are members that are not only cleaned.
    """

    shown: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    named: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    converted: list[tuple[str, Callable[[Any], Any]]] = field(default_factory=list)

    def getter(self) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
        """Return what takes the sources out of a record."""
        if len(self.sources) > 1:
            return itemgetter(*self.sources)
        return lambda record: tuple(record[name] for name in self.sources)


class Presentation:
    """How the records of one result are shown. `tree` are the members to keep, all of them if it is None.

    `names` has, by the member with an id, the name that is shown behind it; a record that has a member of that name
    keeps its own.
    """

    def __init__(self, tree: Tree | None, names: Mapping[str, ShownName], shaping: Shaping) -> None:
        self._tree = tree
        self._names = names
        self._cleaner = Cleaner.of(shaping)
        self._presenters: dict[tuple[str, ...], Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._is_plain = tree is None and not names and self._cleaner.changes_nothing

    def of(self, result: Any) -> Any:
        """Return a record, or each record of a list, as it is shown."""
        if self._is_plain:
            return result
        return [self._record(each) for each in result] if isinstance(result, list) else self._record(result)

    def _record(self, record: Any) -> Any:
        if not isinstance(record, dict):
            return self._cleaner.clean(kept(record, self._tree))
        members = tuple(record)
        present = self._presenters.get(members)
        if present is None:
            plan = self._planned(members)
            present = self._presenters[members] = partial(self._presented, plan, plan.getter())
        return present(record)

    def _presented(
        self, plan: Plan, values: Callable[[dict[str, Any]], tuple[Any, ...]], record: dict[str, Any]
    ) -> dict[str, Any]:
        shown = dict(zip(plan.shown, values(record), strict=True))
        for member, convert in plan.converted:
            shown[member] = convert(shown[member])
        kinds = {*map(type, shown.values())}
        if not kinds.isdisjoint(NESTED):
            self._clean_nested(shown)
        for name, names in plan.named:
            held = names.get(str(shown[name]))
            if held is None:
                del shown[name]
            else:
                shown[name] = held
        if NULL in kinds and self._cleaner.drops_nulls:
            shown = {name: value for name, value in shown.items() if value is not None}
        return without_empty(shown) if self._cleaner.drops_empty else shown

    def _clean_nested(self, shown: dict[str, Any]) -> None:
        for member, value in shown.items():
            if type(value) in NESTED:
                shown[member] = self._cleaner.clean(value)

    def _planned(self, members: tuple[str, ...]) -> Plan:
        """Return what becomes of the members of a record that has just these."""
        plan, taken = Plan(), {*members}
        for member in members:
            if self._keeps(member):
                self._plan_member(plan, member)
            named = self._names.get(member)
            if named and named.shown_as not in taken and self._keeps(named.shown_as):
                taken.add(named.shown_as)
                plan.shown.append(named.shown_as)
                plan.sources.append(member)
                plan.named.append((named.shown_as, named.by_id))
        return plan

    def _plan_member(self, plan: Plan, member: str) -> None:
        plan.shown.append(member)
        plan.sources.append(member)
        inner, is_html = self._tree[member] if self._tree else None, member in self._cleaner.html
        if inner is not None or is_html:
            plan.converted.append((member, partial(self._converted, inner, is_html)))

    def _keeps(self, member: str) -> bool:
        return self._tree is None or member in self._tree

    def _converted(self, inner: Tree | None, is_html: bool, value: Any) -> Any:
        shown = self._cleaner.clean(kept(value, inner))
        return as_text(shown) if is_html else shown
