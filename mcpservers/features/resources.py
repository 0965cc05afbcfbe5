"""Resources of a server: the account's documentation, and what its reading tools return, under addresses of their own.

MCP, Server features, Resources. An address leads to a tool of the server, so what a filter hides has none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import inflection

from accounts.definition.parts import PLACEHOLDER
from accounts.texts.invisible import visible
from mcpservers.features.documentation import first_sentence
from tools.catalogue.tool import Tool, ToolSet

SCHEME = "patchbay"
MAX_ADDRESS = 2_000
DOCUMENTATION = "documentation"
JSON, MARKDOWN = "application/json", "text/markdown"


@dataclass(frozen=True)
class ResourceAddress:
    """The URI, or the template of URIs, of what a tool reads; its variables are arguments of the tool."""

    template: str
    tool: Tool

    @cached_property
    def variables(self) -> list[str]:
        return PLACEHOLDER.findall(self.template)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        literals = PLACEHOLDER.split(self.template)[::2]
        return re.compile("([^/?#]+)".join(map(re.escape, literals)))

    def arguments_in(self, address: str) -> dict[str, str] | None:
        """Return the arguments that a URI names; None if it is no URI of these."""
        found = self._pattern.fullmatch(address)
        return None if found is None else dict(zip(self.variables, map(unquote, found.groups()), strict=True))

    @property
    def entry(self) -> dict[str, Any]:
        """It as `resources/list` or `resources/templates/list` carries it."""
        kind = "uriTemplate" if self.variables else "uri"
        of_json = {} if self.tool.method.answer == "file" else {"mimeType": JSON}
        return {
            kind: self.template,
            "name": self.tool.name,
            "title": self._title,
            "description": first_sentence(self.tool.description),
            **of_json,
        }

    @property
    def _title(self) -> str:
        """What it is: one record of a resource, all that a list reads, or what the tool does."""
        definition, resource = self.tool.definition, self.tool.resource
        match self.tool.method_name:
            case "get":
                return inflection.humanize(definition.singular(resource))
            case "list":
                return definition.resources[resource].label
        return self.tool.title


def addresses_of(tools: ToolSet) -> tuple[ResourceAddress, ...]:
    """Return the addresses of what these tools read, in their order."""
    return tuple(ResourceAddress(template, tool) for tool in tools if (template := _template_of(tool)))


def _template_of(tool: Tool) -> str:
    """Return the declared template of a tool; else, of a `get` that needs no more than its path, the usual one."""
    if tool.method.uri or not tool.read_only:
        return tool.method.uri or ""
    in_path = [name for name, placement in tool.placements.items() if placement.in_path]
    if tool.method_name != "get" or {*tool.input_schema.get("required", ())} - {*in_path}:
        return ""
    return "/".join([f"{SCHEME}://{tool.definition.name}", tool.resource, *(f"{{{name}}}" for name in in_path)])


@dataclass(frozen=True)
class ServerResources:
    """What a server's clients can read by address. `documentation` is the address of what the account can do."""

    vendor: str
    documentation: str
    addresses: tuple[ResourceAddress, ...] = field(repr=False)

    def listed(self, account_name: str) -> list[dict[str, Any]]:
        """Return the resources as `resources/list` carries them."""
        about = {
            "uri": self.documentation,
            "name": DOCUMENTATION,
            "title": f"What {visible(account_name)} can do",
            "description": f"What the tools of this {self.vendor} account read and change, and what they cannot.",
            "mimeType": MARKDOWN,
        }
        return [about, *(entry for entry in self.entries if "uri" in entry)]

    @property
    def templates(self) -> list[dict[str, Any]]:
        """The templates as `resources/templates/list` carries them."""
        return [entry for entry in self.entries if "uriTemplate" in entry]

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """The addresses as lists carry them."""
        return [each.entry for each in self.addresses]

    def of_template(self, template: str) -> ResourceAddress | None:
        """Return what has this template; None if nothing has."""
        return next((each for each in self.addresses if each.template == template), None)

    def target(self, address: str) -> tuple[Tool, dict[str, str]] | None:
        """Return the tool that reads an address, and its arguments; None if no tool does."""
        return next(self._targets(address), None) if len(address) <= MAX_ADDRESS else None

    def _targets(self, address: str) -> Iterator[tuple[Tool, dict[str, str]]]:
        for each in self.addresses:
            arguments = each.arguments_in(address)
            if arguments is not None:
                yield each.tool, arguments


def resources_of(vendor: str, name: str, tools: ToolSet) -> ServerResources:
    """Return the resources of a server with these tools; `name` is its integration's."""
    return ServerResources(vendor, f"{SCHEME}://{name}/{DOCUMENTATION}", addresses_of(tools))
