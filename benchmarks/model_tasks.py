"""A support team's tasks, done by a script that makes the calls a model would: the calls and tokens of each.

Run as `python -m benchmarks.model_tasks`. The simulator and the product are processes of their own, and the tasks run
against the demo's account. Tokens are those of arguments and results, a token being four characters; the listing of
all tools stands by itself.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.tool_calls import ROOT, free_port, start

CASES, GET_CASE = "list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id"
CONTACTS, CHATS, EMAILS = "list_all_fuse_desk_contacts", "list_all_fuse_desk_chats", "list_all_fuse_desk_emails"
GET_CHAT, COUNT = "get_single_fuse_desk_chat_by_id", "count_fuse_desk_cases"
OVERVIEW = "get_fuse_desk_customer_overview"
UPDATE, NOTE = "update_a_fuse_desk_case_by_id", "fuse_desk_cases_add_note"
JANE = "jane.doe@example.com"


@dataclass
class Model:
    """What calls tools as a model does, and what it paid for it."""

    url: str
    calls: int = 0
    characters: int = 0
    tools: set[str] = field(default_factory=set)

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request of the protocol; return its result."""
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.url, json=body, headers=headers, timeout=60).json()["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool; return the JSON that a model reads, or raise if it is an error."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        text = result["content"][0]["text"]
        self.calls += 1
        self.characters += len(json.dumps(arguments)) + len(text)
        if result["isError"]:
            raise SystemExit(f"{tool} {arguments}: {text}")
        return json.loads(text)

    def pages(self, tool: str, **arguments: Any) -> list[Any]:
        """Walk a list to its end, as a model has to that cannot count otherwise."""
        found, cursor = [], None
        while True:
            page = self.call(tool, **arguments, **({"next_cursor": cursor} if cursor else {}))
            found += page["result"]
            if not (cursor := page["next_cursor"]):
                return found


def triage(model: Model) -> str:
    """The article's first workflow."""
    contact = model.call(CONTACTS, search="alex@example.com")["result"][0]
    cases = model.call(CASES, contactid=str(contact["id"]), status="active")["result"]
    history = model.call(GET_CASE, id=cases[0]["id"])["history"]
    return f"{len(cases)} active, {len(history)} entries read"


def follow_up(model: Model) -> str:
    """The article's second workflow."""
    chat = model.call(GET_CHAT, id="CHT-9099")
    found = model.call(CONTACTS, search=chat["clientName"])["result"]
    return f"{len(chat['messages'])} messages, {found[0]['emailAddress']}"


def first_page(model: Model) -> str:
    """The first page of open cases as it comes."""
    return f"{model.call(CASES, status='open')['result_count']} cases"


def busiest(model: Model) -> str:
    """Which department has most open cases, and who is the busiest rep."""
    if COUNT in model.tools:
        by_department = model.call(COUNT, status="open", group_by="department")["groups"][0]
        by_rep = model.call(COUNT, status="open", group_by="rep")["groups"][0]
        return f"{by_department['count']} and {by_rep['count']} cases, counted"
    cases = model.pages(CASES, status="open", limit=100, fields=["departmentid", "repid"])
    model.call("list_all_fuse_desk_departments")
    model.call("list_all_fuse_desk_reps")
    return f"{len(cases)} rows to count by eye"


def weekly(model: Model) -> str:
    """Cases opened each week."""
    if COUNT in model.tools:
        return f"{len(model.call(COUNT, group_by='opened:week')['groups'])} weeks, counted"
    return f"{len(model.pages(CASES, limit=100, fields=['date_opened']))} dates to sort into weeks by hand"


def customer(model: Model) -> str:
    """Everything about one customer."""
    if OVERVIEW in model.tools:
        shown = model.call(OVERVIEW, email=JANE)
        return ", ".join(f"{row['shown']} {name}" for name, row in shown["parts"].items())
    contact = model.call(CONTACTS, search=JANE)["result"][0]
    cases = model.pages(CASES, contactid=str(contact["id"]))
    chats = [chat for chat in model.pages(CHATS) if chat.get("contactId") == contact["id"]]
    emails = model.call(EMAILS, **{"from": JANE})["result"]
    for case in cases[:5]:
        model.call(GET_CASE, id=case["id"])
    return f"{len(cases)} cases, {len(chats)} live chats, {len(emails)} emails"


def reassign(model: Model) -> str:
    """New cases of a department to a rep by first name, with a note."""
    if COUNT in model.tools:
        case = model.call(CASES, status="new", depid="Billing", limit=1)["result"][0]
        model.call(UPDATE, id=case["id"], repid="Maya")
    else:
        departments = model.call("list_all_fuse_desk_departments")["result"]
        billing = next(each for each in departments if each["name"] == "Billing")
        reps = model.call("list_all_fuse_desk_reps")["result"]
        maya = next(each for each in reps if each["firstName"] == "Maya")
        case = model.call(CASES, status="new", depid=str(billing["id"]), limit=1)["result"][0]
        model.call(UPDATE, id=case["id"], repid=str(maya["repid"]))
    model.call(NOTE, id=case["id"], note="Reassigned.")
    return "one case"


TASKS: dict[str, Callable[[Model], str]] = {
    "workflow 1: triage": triage,
    "workflow 2: follow-up": follow_up,
    "first page of open cases": first_page,
    "busiest department and rep": busiest,
    "cases opened each week": weekly,
    "everything about a customer": customer,
    "reassign by name, with a note": reassign,
}


def main() -> None:
    """Start the demo, do the tasks, print the table."""
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
            show(Model(json.loads(done.stdout)["mcp_url"]))
        finally:
            for process in processes:
                process.terminate()
                process.wait(20)


def show(model: Model) -> None:
    """Do each task, and print what it took."""
    listed = model.ask("tools/list", {})["tools"]
    model.tools = {tool["name"] for tool in listed}
    print(f"{'listing':32} {len(listed):5} tools  {len(json.dumps(listed, separators=(',', ':'))) // 4:7,} tokens")
    for name, task in TASKS.items():
        model.calls = model.characters = 0
        outcome = task(model)
        print(f"{name:32} {model.calls:5} calls  {model.characters // 4:7,} tokens  {outcome}")


if __name__ == "__main__":
    main()
