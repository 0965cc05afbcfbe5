"""What a server with certain filters opens to a model: how many tools, at what cost, in which words."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from accounts.models import IntegratedAccount
from tools.catalogue.compilation import Tool, ToolSet, catalogue_of
from tools.catalogue.costs import estimate_tokens
from tools.catalogue.formats import as_mcp
from tools.catalogue.naming import CUSTOM, GROUPS

# Clients begin to drop tools, and models to choose wrong ones, at about these sizes.
CROWDED_TOOLS = 40
HEAVY_TOKENS = 25_000


@dataclass(frozen=True)
class Exposure:
    """The tools of a server, and what their listing costs a model in each conversation."""

    tools: ToolSet

    @cached_property
    def tokens(self) -> int:
        """About how many tokens the listing takes."""
        return sum(estimate_tokens(as_mcp(tool)) for tool in self.tools)

    @property
    def tokens_text(self) -> str:
        """The number of tokens with its thousands apart."""
        return f"{self.tokens:,}"

    @property
    def writing(self) -> list[Tool]:
        """The tools that change the vendor's data."""
        return [tool for tool in self.tools if not tool.read_only]

    @property
    def is_crowded(self) -> bool:
        """Whether there are more tools than models choose well among."""
        return len(self.tools) > CROWDED_TOOLS

    @property
    def is_heavy(self) -> bool:
        """Whether the listing takes more of a conversation than clients like to give it."""
        return self.tokens > HEAVY_TOKENS

    @property
    def percent(self) -> int:
        """How much of what clients like to give is taken, at most 100."""
        return min(100, round(100 * max(self.tokens / HEAVY_TOKENS, len(self.tools) / CROWDED_TOOLS)))


def exposure_of(
    account: IntegratedAccount, methods: Iterable[str] = (), tags: Iterable[str] = (), names: Iterable[str] = ()
) -> Exposure:
    """Return what a server with these filters exposes, which may be nothing."""
    return Exposure(catalogue_of(account.integration).select(methods, tags, names))


def methods_in_words(methods: list[str]) -> str:
    """Return a method filter as a table shows it: `all`, the groups, or how many methods."""
    if not methods:
        return "all"
    if all(method in GROUPS or method == CUSTOM for method in methods):
        return " + ".join(methods)
    return "1 method" if len(methods) == 1 else f"{len(methods)} methods"
