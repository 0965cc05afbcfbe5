"""What calls tools over MCP as a model does, and what that costs it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.tool_calls import ROOT, free_port, start

# Characters that stand for a token.
OF_A_TOKEN = 4
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


@dataclass
class ScriptedModel:
    """A client of one server. `costs` has the tokens of each counted call: its arguments and its result."""

    url: str
    costs: list[int] = field(default_factory=list)

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request of the protocol; return its result, or its error as a result that failed."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.url, json=body, headers=HEADERS, timeout=60).json()
        if "error" in answer:
            return {"isError": True, "content": [{"type": "text", "text": answer["error"]["message"]}]}
        return answer["result"]

    def instructions(self) -> str:
        """Return what the server tells a model before its first call."""
        client = {"name": "model-tasks", "version": "1"}
        opened = self.ask("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=client)
        return str(opened["instructions"])

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool, counted; return the JSON that a model reads. Ends the program where the tool refuses."""
        return self._read(tool, arguments, is_counted=True)

    def pages(self, tool: str, **arguments: Any) -> list[Any]:
        """Walk a list to its end, each page counted; return its items."""
        page = self.call(tool, **arguments)
        found = page["result"]
        while page["next_cursor"]:
            page = self.call(tool, **arguments, next_cursor=page["next_cursor"])
            found += page["result"]
        return list(found)

    def prepare(self, tool: str, **arguments: Any) -> Any:
        """Call a tool to bring about what a task is about: not counted."""
        return self._read(tool, arguments, is_counted=False)

    def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must refuse; return its words. Ends the program where it does not."""
        result = self.ask("tools/call", name=tool, arguments=arguments)
        text = str(result["content"][0]["text"])
        if not result["isError"]:
            raise SystemExit(f"{tool} {arguments} was not refused: {text[:500]}")
        return text

    def _read(self, tool: str, arguments: dict[str, Any], *, is_counted: bool) -> Any:
        result = self.ask("tools/call", name=tool, arguments=arguments)
        text = result["content"][0]["text"]
        if result["isError"]:
            raise SystemExit(f"{tool} {json.dumps(arguments)[:500]}: {text}")
        if is_counted:
            self.costs.append((len(json.dumps(arguments)) + len(text)) // OF_A_TOKEN)
        return json.loads(text)


@contextmanager
def model_of_demo() -> Iterator[ScriptedModel]:
    """Start a demo of its own, the simulator and the product; yield a model of its server with every tool."""
    vendor, port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DATA_DIR": folder, "SIMULATOR_PORT": str(vendor), "SIMULATOR_HOURLY_LIMIT": "0", "PORT": str(port)}
        settings |= {"LOG_LEVEL": "ERROR", "ACCESS_LOG": "0"}
        environment = {**settings, "PATH": "/usr/bin:/bin"}
        for command in (["migrate", "-v0"], ["demo", "--json"]):
            done = subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, capture_output=True
            )
        processes = [start(["-m", "demo"], settings, vendor), start(["-m", "config.serve"], settings, port)]
        try:
            yield ScriptedModel(json.loads(done.stdout)["mcp_url"])
        finally:
            for process in processes:
                process.terminate()
                process.wait(20)
