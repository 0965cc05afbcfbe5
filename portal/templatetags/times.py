"""Template tags for moments. They are rendered in UTC; static/portal/times.js converts them to the reader's zone."""

from datetime import UTC, datetime

from django import template
from django.utils.dateformat import format as formatted
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def ago(at: datetime) -> SafeString:
    """Render a moment relative to now: `3 days ago`, `in 2 hours`."""
    return _time(at, "relative")


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """Render a moment as a date and time, for use after `until` and `since`."""
    return _time(at, "exact")


def _time(at: datetime, form: str) -> SafeString:
    # No trailing white space: a full stop may follow.
    words = f"{formatted(at.astimezone(UTC), 'j M Y, H:i')} UTC"
    return format_html('<time datetime="{}" data-{} title="{}">{}</time>', at.isoformat(), form, words, words)
