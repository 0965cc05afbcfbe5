"""What a server with given settings exposes to a model: its tools, and what listing them costs in tokens."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from accounts.models import IntegratedAccount
from accounts.texts.counting import counted
from mcpservers.models import MCPServer
from mcpservers.search.listing import listed
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.costs import SERVER_TOKENS, SERVER_TOOLS, estimate_tokens
from tools.catalogue.tool import Tool, ToolSet
from tools.retrieval import listing as retrieval_listing
from tools.retrieval.sources import NO_SOURCES, Sources, sources_of


@dataclass(frozen=True)
class Exposure:
    """The tools of a server. `costs` has the tokens of each tool; in search mode, three others are listed.

    `sources` are what `search` and `fetch` read, which are listed beside them.
    """

    tools: ToolSet
    vendor: str
    costs: dict[str, int] = field(repr=False)
    search_mode: bool = False
    sources: Sources = field(default=NO_SOURCES, repr=False)

    @property
    def retrieving(self) -> tuple[str, ...]:
        """The names of the tools that search and fetch; none where there is nothing to."""
        return self.sources.tool_names

    @cached_property
    def tokens(self) -> int:
        """Roughly what a model pays for the listing in each conversation, in tokens."""
        others = retrieval_listing.listed(self.sources)
        own = estimate_tokens(listed(self.tools, self.vendor)) if self.search_mode else self.tokens_of_all
        return own + estimate_tokens(others)

    @property
    def tokens_text(self) -> str:
        return f"{self.tokens:,}"

    @cached_property
    def tokens_of_all(self) -> int:
        """Roughly what a model would pay if every tool were listed."""
        return sum(self.costs[tool.name] for tool in self.tools)

    @property
    def writing(self) -> list[Tool]:
        """The tools that write to the vendor."""
        return [tool for tool in self.tools if not tool.read_only]

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many tools for a model to choose well."""
        return not self.search_mode and len(self.tools) > SERVER_TOOLS

    @property
    def is_heavy(self) -> bool:
        """Whether the listing takes too much of every conversation."""
        return not self.search_mode and self.tokens > SERVER_TOKENS

    @property
    def advice(self) -> str:
        """What to do about a server that lists more than clients handle; empty if it does not."""
        if not (self.is_crowded or self.is_heavy):
            return ""
        return (
            f"It lists {counted(len(self.tools), 'tool')}, about {self.tokens:,} tokens; clients handle {SERVER_TOOLS} "
            f"tools or {SERVER_TOKENS:,} tokens well. Give it fewer by methods, tags or tools, or turn on search_mode."
        )

    @property
    def percent(self) -> int:
        """How full the gauge is, by the tighter of the two limits; at most 100."""
        tools = 0 if self.search_mode else len(self.tools)
        return min(100, round(100 * max(self.tokens / SERVER_TOKENS, tools / SERVER_TOOLS)))


def exposure_of(
    account: IntegratedAccount,
    methods: Iterable[str] = (),
    tags: Iterable[str] = (),
    names: Iterable[str] = (),
    *,
    search_mode: bool = False,
) -> Exposure:
    """Return the tools that pass these filters, possibly none."""
    integration = account.integration
    catalogue = catalogue_of(integration)
    tools = catalogue.select(methods, tags, names)
    sources = sources_of(catalogue.definition, tools)
    return Exposure(tools, integration.label, catalogue.tokens, search_mode, sources)


def exposed_by(server: MCPServer) -> Exposure:
    """Return what a server exposes as it is stored."""
    return exposure_of(server.account, server.methods, server.tags, server.tools, search_mode=server.search_mode)
