"""The playground's choice: an account or one of its MCP servers, a tool, and the form of its arguments."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from portal.tools.argument_forms import ArgumentsForm, JsonArgumentsForm
from portal.tools.call_snippets import Snippets, as_called, over_mcp, over_rest
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.tool import Tool, ToolSet
from tools.models import Call

FIELDS, JSON = "fields", "json"
SERVERS = 200


@dataclass(frozen=True)
class PlaygroundChoice:
    """An account, the chosen tool, and the server (if any) whose filters select the tools on offer."""

    account: IntegratedAccount
    server: MCPServer | None
    tools: ToolSet
    tool: Tool | None
    servers: list[MCPServer]

    @property
    def groups(self) -> list[tuple[str, list[Tool]]]:
        return [(name, [*group]) for name, group in groupby(self.tools, lambda tool: tool.resource)]

    def form(self, way: str, data: Any = None, arguments: dict[str, Any] | None = None) -> Any:
        """Return the form with fields or with JSON; None where no tool is chosen."""
        if self.tool is None:
            return None
        return (JsonArgumentsForm if way == JSON else ArgumentsForm)(self.tool, data, arguments=arguments)

    def fits_fields(self, arguments: Any) -> bool:
        """Return whether the tool's fields can hold these arguments, for example those of an earlier call."""
        names = self.tool.input_schema["properties"] if self.tool else {}
        return not arguments or (isinstance(arguments, dict) and arguments.keys() <= names.keys())

    def snippets(self, arguments: Any) -> Snippets:
        """Return the call with these arguments as programs."""
        name = self.tool.name if self.tool else ""
        if self.server is not None:
            called, given = (name, arguments) if self.tool is None else as_called(self.server, self.tool, arguments)
            return over_mcp(self.server, called, given)
        return over_rest(f"{settings.PUBLIC_URL}/integrated-account/{self.account.pk}/tools", name, arguments)


def choice_of(account: IntegratedAccount, server: str, tool: str) -> PlaygroundChoice:
    """Return the choice that an address names; an unknown server or tool counts as not chosen."""
    servers = [*account.mcp_servers.order_by("name")[:SERVERS]]
    chosen = _chosen(account, servers, server)
    catalogue = catalogue_of(account.integration)
    tools = catalogue.select(chosen.methods, chosen.tags, chosen.tools) if chosen else catalogue
    return PlaygroundChoice(account, chosen, tools, tools.tools.get(tool), servers)


def arguments_of_call(account: IntegratedAccount, call: str) -> Any:
    """Return the recorded arguments of one of the account's calls; None where there is no such call."""
    # `isdigit` alone accepts "²"; up to 18 digits always fit the 64-bit key.
    if not (call.isascii() and call.isdigit() and len(call) < 19):
        return None
    return Call.objects.filter(pk=int(call), account_id=account.pk).values_list("arguments", flat=True).first()


def _chosen(account: IntegratedAccount, servers: list[MCPServer], wanted: str) -> MCPServer | None:
    try:
        server_id = UUID(wanted)
    except ValueError:
        return None
    found = next((server for server in servers if server.pk == server_id), None)
    # The list is capped at SERVERS: the server may be beyond it.
    return found or account.mcp_servers.filter(pk=server_id).first()
