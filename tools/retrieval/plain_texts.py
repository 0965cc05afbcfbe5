"""Records as plain text: titles on one line without markup, and whole records as lines of `name: value`."""

import re
from collections.abc import Iterator
from typing import Any

from accounts.texts.invisible import visible
from tools.calling.answers.html_text import html_to_text

# A link or an image of Markdown (CommonMark, 6.3 and 6.4): its text stays, and its address beside it.
MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\(([^()\s]{0,300})[^()]{0,300}\)")
# What is read of a text that is cut: markup takes more than what it shows.
READ = 4
INDENT = "  "


def one_line(text: str, most: int) -> str:
    """Return a text as one line of at most `most` characters, without markup and without hidden characters."""
    text = text[: READ * most]
    if "<" in text or "&" in text:
        text = html_to_text(text)
    line = " ".join(visible(MARKDOWN_LINK.sub(r"\1 (\2)", text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def as_lines(value: Any) -> str:
    """Return a JSON value as text: members as `name: value`, what they hold indented, items of lists with a dash.

    Members that hold nothing are left out.
    """
    return "\n".join(_lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _member(str(name), member)
    elif isinstance(value, list):
        for item in value:
            lines = [*_lines(item)] or [""]
            yield f"- {lines[0]}"
            yield from (f"{INDENT}{line}" for line in lines[1:])
    else:
        yield from _scalar(value).splitlines()


def _member(name: str, value: Any) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        return
    lines = [*_lines(value)]
    is_flat = isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)
    if is_flat:
        yield f"{name}: {', '.join(map(_scalar, value))}"
    elif isinstance(value, dict | list) or len(lines) > 1:
        yield f"{name}:"
        yield from (f"{INDENT}{line}" for line in lines)
    else:
        yield f"{name}: {lines[0] if lines else ''}"


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
