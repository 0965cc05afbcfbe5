"""The span of a tool's call, by OpenTelemetry's semantic conventions for executing tools: names, no arguments."""

from contextlib import AbstractContextManager

from accounts import tracing
from tools.catalogue.tool import Tool
from tools.models.calls import Via
from tools.record.notes import Caller

OPERATION = "execute_tool"


def call_span(tool: Tool, caller: Caller) -> AbstractContextManager[object]:
    """Return the span of a call. Over MCP the message's own span is that of its call, and gets the tool's name."""
    if not tracing.is_on():
        return tracing.NO_SPAN
    attributes = {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.tool.name": tool.name,
        "patchbay.integration": tool.definition.name,
        "patchbay.account.id": str(caller.account_id),
    }
    if caller.via != Via.MCP or caller.step:
        return tracing.span(f"{OPERATION} {tool.name}", attributes=attributes)
    message = tracing.current()
    message.note(attributes)
    message.rename(f"tools/call {tool.name}")
    return tracing.NO_SPAN
