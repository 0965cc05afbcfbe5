"""What an account can do, in words: for people who choose it as a resource, and for models that were given no tools."""

import re
from collections.abc import Callable, Iterable, Iterator

from accounts.texts.counting import counted
from accounts.texts.invisible import visible
from tools.catalogue.abilities import cannot_do, risk_of
from tools.catalogue.tool import Tool, ToolSet
from tools.tokens import fits, longest

# A full stop, or what else ends a sentence, before another one begins.
END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"(])")
LONGEST_SENTENCE = 300
READS = "What it reads"
CHANGES = "What it changes"
RISKS = "What cannot be undone or reaches a customer: ask a person first"
CANNOT = "What it cannot do"
# Tokens reserved for the sentence about what was left out.
ABOUT_THE_REST = 30
PARTS: tuple[tuple[str, Callable[[Tool], bool]], ...] = (
    (READS, lambda tool: tool.read_only),
    (CHANGES, lambda tool: not tool.read_only and not tool.destructive),
    (RISKS, lambda tool: not tool.read_only and tool.destructive),
)


def first_sentence(text: str) -> str:
    """Return the first sentence of a description; of a long one, its beginning."""
    sentence = END_OF_SENTENCE.split(text.strip(), maxsplit=1)[0]
    return sentence if len(sentence) <= LONGEST_SENTENCE else f"{sentence[:LONGEST_SENTENCE].rstrip()}…"


def documentation_of(tools: ToolSet, vendor: str, account_name: str, *, budget: int) -> str:
    """Return in Markdown what tools there are, by what they do, and what no tool does, within a budget in tokens.

    Where whole sentences do not fit, the tools are only named, and where these do not, the rest is counted.
    """
    for said in (_described, _named):
        text = "\n".join(_lines(tools, vendor, account_name, said))
        if fits(text.encode(), budget):
            return text
    return _cut(text, budget)


def _described(tool: Tool) -> str:
    risk = "" if tool.destructive else risk_of(tool)
    return f"{_named(tool)}: {first_sentence(tool.description)}" + (f" Ask a person first with {risk}." if risk else "")


def _named(tool: Tool) -> str:
    return f"- {tool.title} (`{tool.name}`)"


def _cut(text: str, budget: int) -> str:
    lines = text.split("\n")
    note = "\n… and {} more lines, for which there is no room here."
    room = max(budget - ABOUT_THE_REST, 0)
    kept = longest(len(lines), lambda count: fits("\n".join(lines[:count]).encode(), room))
    return "\n".join(lines[:kept]) + note.format(f"{len(lines) - kept:,}")


def _lines(tools: ToolSet, vendor: str, account_name: str, said: Callable[[Tool], str]) -> Iterator[str]:
    account_name = visible(account_name)
    yield f"# {account_name} ({vendor})"
    yield ""
    yield f"This server has {counted(len(tools), 'tool')} for the {vendor} account “{account_name}”."
    for heading, belongs in PARTS:
        yield from _part(heading, (said(tool) for tool in tools if belongs(tool)))
    yield from _part(CANNOT, (f"- {each[:1].upper()}{each[1:]}" for each in cannot_do(tools)))


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    listed = [*lines]
    if listed:
        yield from ["", f"## {heading}", "", *listed]
