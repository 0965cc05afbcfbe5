"""The geometry of charts: numbers in, SVG coordinates out. The stylesheet decides the looks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tools.models import Call
from tools.record.figures import Bar

WIDTH, HEIGHT = 600, 120
GAP = 0.18
LEAST = 1.5  # even one call among thousands stays visible
LEAST_MS = 0.1  # a logarithm needs a positive start


@dataclass(frozen=True, slots=True)
class Column:
    """One interval: its position, and its bars of calls and errors."""

    bar: Bar
    x: float
    width: float
    calls_y: float
    calls_height: float
    errors_y: float
    errors_height: float

    @property
    def reach(self) -> float:
        """The width that responds to the pointer: the bar and its gap."""
        return self.width / (1 - GAP)


@dataclass(frozen=True, slots=True)
class Charts:
    """Two charts over the same time. `paths` has a step line for each percentile, the slowest first.

    Response times are on a logarithmic scale, from `shortest_ms` to `longest_ms`: on a linear one, the slowest calls
    would flatten all others.
    """

    columns: list[Column]
    paths: list[tuple[str, str]]
    most_calls: int
    shortest_ms: float
    longest_ms: float
    marks: list[datetime]
    by_day: bool
    width: int = WIDTH
    height: int = HEIGHT


def charts_of(bars: Sequence[Bar]) -> Charts:
    """Return the charts of consecutive intervals of equal length."""
    step = WIDTH / max(len(bars), 1)
    most = max((bar.tally.calls for bar in bars), default=0)
    timed = [bar.tally.times for bar in bars if bar.tally.times]
    longest = max((times.p99 for times in timed), default=0.0)
    shortest = max(min((times.p50 for times in timed), default=0.0) / 2, LEAST_MS)
    columns = [_column(bar, place * step, step, most) for place, bar in enumerate(bars)]
    # SVG paints in order: the median is drawn last, on top.
    paths = [
        (name, _steps(bars, step, (shortest, longest), index)) for index, name in ((2, "p99"), (1, "p95"), (0, "p50"))
    ]
    marks = [bars[len(bars) * place // 4].start for place in range(4)] if len(bars) >= 4 else []
    by_day = bool(bars) and (bars[0].end - bars[0].start).days >= 1
    return Charts(columns, paths, most, shortest, longest, marks, by_day)


def _column(bar: Bar, x: float, step: float, most: int) -> Column:
    calls, errors = _height(bar.tally.calls, most), _height(bar.tally.errors, most)
    return Column(
        bar,
        round(x + step * GAP / 2, 2),
        round(step * (1 - GAP), 2),
        round(HEIGHT - calls, 2),
        round(calls, 2),
        round(HEIGHT - errors, 2),
        round(errors, 2),
    )


def _height(value: float, most: float) -> float:
    return max(HEIGHT * value / most, LEAST) if value and most else 0.0


def _steps(bars: Sequence[Bar], step: float, scale: tuple[float, float], index: int) -> str:
    """Return the path of one percentile: level over each interval, with a gap where there were no calls."""
    shortest, longest = scale
    whole = math.log(longest / shortest) if longest > shortest else 1.0
    path: list[str] = []
    connected = False
    for place, bar in enumerate(bars):
        if bar.tally.times is None:
            connected = False
            continue
        share = math.log(max(bar.tally.times[index], shortest) / shortest) / whole
        y = round(HEIGHT - (HEIGHT - LEAST) * share, 2)
        start, end = round(place * step, 2), round((place + 1) * step, 2)
        path.append(f"V{y}H{end}" if connected else f"M{start} {y}H{end}")
        connected = True
    return "".join(path)


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a duration; `x` and `width` are percentages of the whole."""

    name: str
    words: str
    ms: float
    x: float
    width: float


def waterfall_of(call: Call) -> list[Share]:
    """Return how a call spent its time: before the request to the vendor, at the vendor, afterwards."""
    whole = call.duration_ms
    if not whole:
        return []
    if call.upstream_ms is None:
        return [Share("here", "In Patchbay; nothing was sent to the vendor", whole, 0, 100)]
    upstream = min(call.upstream_ms, whole)
    if call.before_ms is None:
        # Older records lack the time before the request.
        parts = [("vendor", "At the vendor", upstream), ("here", "In Patchbay, before and after", whole - upstream)]
    else:
        before = min(call.before_ms, whole - upstream)
        parts = [
            ("here", "Before the request to the vendor", before),
            ("vendor", "At the vendor", upstream),
            ("after", "After its answer", whole - upstream - before),
        ]
    shares, x = [], 0.0
    for name, words, ms in parts:
        width = 100 * ms / whole
        shares.append(Share(name, words, ms, round(x, 3), round(max(width, 0.4), 3)))  # 0.4 % stays visible
        x += width
    return shares
