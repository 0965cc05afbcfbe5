"""What a server with given filters exposes to a model: its tools, and their cost in tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from accounts.models import IntegratedAccount
from accounts.texts.counting import counted
from tools.catalogue.compilation import Tool, ToolSet, catalogue_of
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.naming import CUSTOM, GROUPS

# At about these sizes clients start to drop tools and models start to choose the wrong ones.
CROWDED_TOOLS = 40
HEAVY_TOKENS = 25_000


@dataclass(frozen=True)
class Exposure:
    """The tools of a server, and what their listing costs a model in each conversation."""

    tools: ToolSet

    @cached_property
    def tokens(self) -> int:
        """The estimated tokens of the `tools/list` result."""
        return sum(estimate_tokens(as_mcp(tool)) for tool in self.tools)

    @property
    def tokens_text(self) -> str:
        return f"{self.tokens:,}"

    @property
    def writing(self) -> list[Tool]:
        """The tools that write to the vendor."""
        return [tool for tool in self.tools if not tool.read_only]

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many tools for a model to choose well."""
        return len(self.tools) > CROWDED_TOOLS

    @property
    def is_heavy(self) -> bool:
        """Whether the listing takes too much of every conversation."""
        return self.tokens > HEAVY_TOKENS

    @property
    def percent(self) -> int:
        """How full the gauge is, by the tighter of the two limits; at most 100."""
        return min(100, round(100 * max(self.tokens / HEAVY_TOKENS, len(self.tools) / CROWDED_TOOLS)))


def exposure_of(
    account: IntegratedAccount, methods: Iterable[str] = (), tags: Iterable[str] = (), names: Iterable[str] = ()
) -> Exposure:
    """Return the tools that pass these filters, possibly none."""
    return Exposure(catalogue_of(account.integration).select(methods, tags, names))


def methods_in_words(methods: list[str]) -> str:
    """Return a method filter in words: `all`, the groups, or the number of methods."""
    if not methods:
        return "all"
    if all(method in GROUPS or method == CUSTOM for method in methods):
        return " + ".join(methods)
    return counted(len(methods), "method")
