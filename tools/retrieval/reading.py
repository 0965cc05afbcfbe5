"""Call an account's own tools on behalf of `search` and `fetch`: each call is checked and recorded like any other."""

from dataclasses import dataclass
from typing import Any

from accounts.vendors.connection import Connection
from tools.calling.invocation import invoke
from tools.calling.results import CallResult
from tools.catalogue.result_arguments import DETAIL, FULL
from tools.catalogue.tool import Tool, ToolSet
from tools.record.notes import Caller

# More tokens than an answer of a vendor can have: what is read here is not cut.
UNCUT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RecordReading:
    """The account that is read, for whom, and with which tools."""

    connection: Connection
    caller: Caller
    tools: ToolSet

    async def of(
        self, tool: Tool, arguments: dict[str, Any], *, budget: int = UNCUT, is_shown: bool = False
    ) -> CallResult:
        """Return a tool's result within a budget in tokens; raise CallFailed.

        A record has every member, a list too unless it is shown. What is shown has names beside ids.
        """
        if tool.concise and not (is_shown and tool.pager):
            arguments = {**arguments, DETAIL: FULL}
        among = self.tools if is_shown else None
        return await invoke(tool, self.connection, arguments, self.caller, budget=budget, among=among)
