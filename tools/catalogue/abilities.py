"""What the tools of a server cannot do, and which calls a person is asked about first."""

from collections.abc import Iterator

from django.conf import settings

from tools.catalogue.tool import Tool, ToolSet


def cannot_do(tools: ToolSet) -> list[str]:
    """Return what people ask for and none of these tools does, each as a verb with its object.

    A model that is told says so, instead of answering that there is nothing.
    """
    definition = next((tool.definition for tool in tools), None)
    if definition is None:
        return []
    declared = [each.what for each in definition.limitations if not any(map(tools.of_method, each.unless))]
    return [*declared, *_about_files(tools)]


def _about_files(tools: ToolSet) -> list[str]:
    opens = any(tool.method.answer == "file" or tool.method.attachments_of for tool in tools)
    # A raw body is a file too, of which the tool takes the text.
    sends = any(tool.files or tool.method.body == "raw" for tool in tools)
    verbs = [verb for verb, can in (("open", opens), ("send", sends)) if not can]
    return [f"{' or '.join(verbs)} attachments"] if verbs else []


def nameless(tools: ToolSet) -> list[str]:
    """Return whose ids these tools take and nothing here gives a name to, since no tool here lists them."""
    found: dict[str, None] = {}
    for tool in tools:
        lookups = tool.definition.lookups_of(tool.resource).values()
        listed = [each for each in lookups if tools.of_method(each.method) and settings.NAMES_SECONDS]
        known = {path for each in listed for path in each.arguments}
        for each in lookups:
            resource = tool.definition.resources[each.method.partition(".")[0]]
            if any(path.partition(".")[0] in tool.placements and path not in known for path in each.arguments):
                found[resource.label] = None
    return [*found]


def risky_calls(tools: ToolSet) -> Iterator[str]:
    """Yield the destructive tools, then those that are so with some arguments, each with these."""
    yield from (tool.name for tool in tools if tool.destructive)
    yield from conditional_risks(tools)


def conditional_risks(tools: ToolSet) -> Iterator[str]:
    """Yield the tools that are destructive with some arguments only, each with these."""
    yield from (f"{tool.name} with {risk_of(tool)}" for tool in tools if risk_of(tool) and not tool.destructive)


def risk_of(tool: Tool) -> str:
    """Return the arguments with which a person is asked first about a call, in words; empty if there are none."""
    named = [" ".join([name, " or ".join(map(_shown, values))]).strip() for name, values in tool.asks_first.items()]
    return " or ".join(named)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
