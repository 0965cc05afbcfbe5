"""Template filters that format figures."""

from django import template

from accounts.texts.counting import counted as in_words

register = template.Library()


@register.filter
def duration(ms: float | str | None) -> str:
    """Format milliseconds for people: 4.2 ms, 180 ms, 2.4 s, 3 min."""
    # A template passes an empty text for a missing value.
    if ms is None or isinstance(ms, str):
        return "–"
    if ms < 9.95:  # the thresholds are where rounding would yield 10.0, 1000 or 100
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 99_950:
        return f"{ms / 1000:.3g} s"
    return f"{ms / 60_000:.0f} min"


@register.filter
def number(value: float | None) -> str:
    """Format a number with thousands separators."""
    return "–" if value is None else f"{value:,.0f}"


@register.filter
def counted(count: float, noun: str) -> str:
    """Format a number with its noun: 1 call, 1,204 calls."""
    return in_words(round(count), noun)


@register.filter
def percent(value: float) -> str:
    """Format a percentage: 0 %, 0.4 %, 12 %."""
    if 0 < value < 9.95:
        return f"{value:.1f} %"
    return f"{value:.0f} %"


@register.filter
def size(count: int | None) -> str:
    """Format a number of bytes in binary units: 512 bytes, 1.5 KiB."""
    value = float(count or 0)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
