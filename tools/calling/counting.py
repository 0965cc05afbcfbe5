"""Count the items of a list by walking its pages here, so that a model need not read them to count them.

A walk ends at the list's end, or before it: after MOST_REQUESTS requests, COUNT_SECONDS seconds, or when little is left
of the vendor's rate limit. The result says then that it is a part.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from accounts.definition import Group
from tools.calling.walking import Asking, few_left, pages
from tools.catalogue.result_arguments import GROUP_BY
from tools.catalogue.tool import Tool
from tools.errors import RateLimited
from tools.member_paths import member_at
from tools.moments import day_of
from tools.pagination import Pager
from tools.ratelimits import RateLimits

MOST_REQUESTS = 20
COUNT_SECONDS = 20.0
MOST_GROUPS = 50
NONE = "(none)"
END_UNKNOWN = "the vendor's answer says that its list goes on, in a way that is not known here."


@dataclass
class Count:
    """What was counted so far, and why the walk ended before the end of the list; `stopped` is empty at the end."""

    zone: ZoneInfo
    numbers: Counter[Any] = field(default_factory=Counter)
    count: int = 0
    requests: int = 0
    stopped: str = ""
    limits: RateLimits = field(default_factory=RateLimits)
    total: int | None = None

    def add(self, items: list[Any], group: Group | None, period: str) -> None:
        """Count the items of one page."""
        self.count += len(items)
        if group:
            self.numbers.update(value for item in items for value in _values(item, group, period, self.zone))

    def shown(self, group_by: str) -> dict[str, Any]:
        """Return the count as a model reads it."""
        shown: dict[str, Any] = {"count": self.count, "is_complete": not self.stopped}
        if self.stopped:
            of = f" of {self.total:,}" if self.total is not None else ""
            shown["note"] = f"These are the first {self.count:,}{of}, and there are more: {self.stopped}"
        if not group_by:
            return shown
        # Periods in their order, everything else by its number.
        ordered = sorted(self.numbers.items()) if ":" in group_by else self.numbers.most_common()
        zone = {"time_zone": str(self.zone)} if ":" in group_by else {}
        kept = ordered[-MOST_GROUPS:] if ":" in group_by else ordered[:MOST_GROUPS]
        shown |= {"group_by": group_by, **zone, "groups": [{"value": value, "count": number} for value, number in kept]}
        return shown | ({"more_groups": len(ordered) - len(kept)} if len(kept) < len(ordered) else {})


async def counted(tool: Tool, used: dict[str, Any], asking: Asking, zone: ZoneInfo) -> Count:
    """Walk a tool's list and count its items, days being those of a zone; raise CallFailed where no page came."""
    group_by: str = used.get(GROUP_BY, "")
    name, _, period = group_by.partition(":")
    pager, group = cast(Pager, tool.counted), tool.method.counts.get(name)
    count, began = Count(zone), time.monotonic()
    try:
        async for page in pages(tool, pager, used, asking, first=0 if group else pager.default_limit):
            count.requests, count.limits, count.total = count.requests + 1, page.answer.limits, page.view.beside.total
            if group is None and count.total is not None:
                count.count = count.total
                break
            count.add(page.view.items, group, period)
            count.stopped = _reason_to_stop(count, time.monotonic() - began)
            if page.is_last:
                count.stopped = page.view.note or ("" if page.view.is_end_known else END_UNKNOWN)
            if count.stopped:
                break
    except RateLimited as limited:
        if not count.requests:
            raise
        count.stopped, count.limits = "the vendor's rate limit is reached.", limited.limits
    return count


def _reason_to_stop(count: Count, seconds: float) -> str:
    if count.requests >= MOST_REQUESTS:
        return f"a count makes at most {MOST_REQUESTS} requests. Narrow it with the filters."
    if seconds > COUNT_SECONDS:
        return "counting on would take too long. Narrow it with the filters."
    return few_left(count.limits)


def _values(item: Any, group: Group, period: str, zone: ZoneInfo) -> Iterable[Any]:
    """Return the groups that an item belongs to."""
    value = member_at(item, group.member.split("."))
    if group.kind == "each" and isinstance(value, list):
        # An item with a tag twice is one item with that tag.
        return dict.fromkeys(map(_hashable, value)) or [NONE]
    if group.kind == "date":
        return [_period(value, period, zone)]
    return [_hashable(value)]


def _hashable(value: Any) -> Any:
    """Return a value that can be counted; an object counts as its name or id."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("name", "label", "title", "id") if value.get(name) is not None), None)
    return NONE if value in (None, "") or isinstance(value, list | dict) else value


def _period(value: Any, period: str, zone: ZoneInfo) -> str:
    """Return the day, the Monday of the week, or the month of a date, in a zone."""
    day = day_of(value, zone)
    if day is None:
        return NONE
    if period == "week":
        return str(day - timedelta(days=day.weekday()))
    return str(day) if period == "day" else f"{day:%Y-%m}"
