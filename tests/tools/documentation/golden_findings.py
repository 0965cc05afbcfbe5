"""What gate and lint say of known records, kept beside this file; once the rules changed, write that anew:

.venv/bin/python manage.py shell -c "from tests.tools.documentation import golden_findings as g; g.write()"
"""

import json
from pathlib import Path
from typing import Any

from accounts.definition import Definition, parse_definition
from accounts.models import Integration
from tests.bundles import read_bundle
from tests.vendors.desk import DESK
from tools.documentation.assessment import RULES_VERSION, assess
from tools.documentation.verdicts import verdicts_on
from tools.models import Documentation

# A record like another one, which also speaks of a tool that there is not.
COUNT = "Tells how many queues there are on the desk at this moment."
MORE = "It counts requests, letters, messages and visitors that nobody has answered so far today."
ALIKE = DESK.replace(COUNT, f"{COUNT} {MORE}").replace(
    "Tells the names of the queues that there are on the desk.", f"{COUNT} {MORE} Unlike list_all_desk_letters."
)

HERE = Path(__file__).parent
KEPT = HERE / "golden_findings.json"
BUNDLES = HERE.parents[2] / "integrations"

WORDS = (
    "Lists the tickets of the desk as summaries: number, state, subject and owner. Use it to find a ticket by its "
    "state; for all of one ticket use get_single_desk_ticket_by_id."
)
LARGE = {"type": "string", "enum": [f"a value of an argument, number {n}" for n in range(4_000)]}


SWEEP = {"http": "POST", "path": "/tickets/sweep", "access": "read", "paginated": True}


def _text(description: str = "", **schema: Any) -> dict[str, Any]:
    return {"type": "string", **({"description": description} if description else {}), **schema}


def _arguments(required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {"query_schema": {"type": "object", "properties": properties, "required": list(required)}}


# What is changed in a record that nothing is wrong with; between them they break each rule of gate and lint.
CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no such method": {"method": "merge"},
    "no words": {"title": "", "description": ""},
    "thin": {"description": "Lists tickets."},
    "short": {"description": "Lists the tickets; use it to see number, state and owner."},
    "long": {"description": WORDS + " It holds more." * 80},
    "much too long": {"description": WORDS + " It holds more." * 400},
    "title again": {"title": "Tickets of the desk that are open, with their owners", "description": (
        "Tickets of the desk that are open, with their owners"
    )},
    "nothing new": {"description": "Returns a list of all the tickets, the list of tickets when you list the tickets."},
    "not when": {"description": "Lists the tickets of the desk as summaries: number, state, subject, owner, queue."},
    "not what": {"description": "Use it when a ticket is wanted whose number nobody knows, such as one from a letter."},
    "praise": {"description": f"{WORDS} A powerful way to work."},
    "markup": {"description": f"{WORDS} <p>See more.</p>"},
    "program's title": {"title": "list_all_desk_tickets"},
    "long title": {"title": "Tickets " * 10},
    "vague name": {"tool_name": "desk_run"},
    "stuttering name": {"tool_name": "desk_tickets_tickets_find"},
    "long name": {"tool_name": "desk_" + "x" * 55},
    "bad name": {"tool_name": "Desk Tickets"},
    "hidden": {"description": f"{WORDS}\u200b Hidden."},
    "no response": {"response_schema": {}},
    "bad response": {"response_schema": {"type": "ticket"}},
    "large response": {"response_schema": {"type": "object", "properties": {"kind": LARGE}}},
    "large": _arguments(kind=LARGE),
    "dear": _arguments(kind=_text("Which kind is wanted.", enum=[f"kind number {n}" for n in range(500)])),
    "bad schema": {"query_schema": {"properties": {"state": 5}}},
    "dangling reference": {"query_schema": {"$ref": "#/nowhere"}},
    "undescribed": _arguments(state=_text()),
    "echo": _arguments(state=_text("The state.")),
    "vague": _arguments(data=_text("Any content.")),
    "no type": _arguments(state={"description": "In which state the ticket has to be."}),
    "values in words": _arguments(state=_text("One of `open`, `closed` or `new`.")),
    "no format": _arguments(opened_at=_text("When the ticket was opened first."), email=_text("Whom to write to.")),
    "no example": _arguments(id=_text("Which ticket is meant.")),
    "called required": _arguments(owner=_text("Required. Whose tickets are wanted.")),
    "called optional": _arguments(("owner",), owner=_text("Optional. Whose tickets are wanted.")),
    "many": _arguments(**{f"argument{n}": {"type": "integer", "description": "How many hours."} for n in range(30)}),
    "paging argument": _arguments(next_cursor=_text("Where the next page begins.")),
    "words of pages without any": {"method": "get", "description": f"{WORDS} Pass next_cursor back."},
    "silent destruction": {"method": "delete", "title": "Delete a ticket", "description": (
        "Deletes a ticket of the desk with its conversation and all files. Use it for tickets that are spam."
    ), **_arguments(("id",), id=_text("The ticket's number, such as T-17."))},
    "grave, and undeclared": {"method": "create", "title": "Delete a ticket and tell its owner", "body_schema": {
        "type": "object", "properties": {"subject": _text("What people read.")}, "required": ["subject"]
    }},
    "read that changes": {"title": "Close the tickets of a queue"},
    "read by POST": {"method": "sweep"},
    "no calls": {
        **_arguments(state=_text("One of the states.", enum=["open", "closed"])),
        "examples": [{"state": "ajar"}, {"status": "open"}, "open", *[{"state": "open"}] * 3],
    },
    "required nothing": {"method": "create", "title": "Open a ticket", "body_schema": {
        "type": "object", "properties": {"subject": _text("What people read."), "text": _text("What was written.")}
    }},
}  # fmt: skip


def findings() -> dict[str, Any]:
    """Return the rules' version, and what they say of every record here and in the bundles that come along."""
    document, _ = read_bundle(DESK)
    document["resources"]["tickets"]["methods"]["sweep"] = SWEEP
    definition = parse_definition(document)
    texts = {path.stem: path.read_text() for path in sorted(BUNDLES.glob("*.yaml"))}
    return {
        "rules": RULES_VERSION,
        "changes": {name: _changed(definition, changed) for name, changed in CHANGES.items()},
        "bundles": {name: _bundle(text) for name, text in {"desk": DESK, "alike": ALIKE, **texts}.items()},
    }


def _changed(definition: Definition, changed: dict[str, Any]) -> dict[str, Any]:
    good = {"method": "list", "title": "List tickets", "description": WORDS, "response_schema": {"type": "object"}}
    assessed = assess(definition, Documentation(resource="tickets", **{**good, **changed})).as_json()
    assessed["findings"] = [": ".join(each) for each in assessed["findings"]]
    return assessed


def _bundle(text: str) -> dict[str, Any]:
    """Return the verdicts on a bundle's records, which depend on one another too."""
    document, records = read_bundle(text)
    integration = Integration(name=document["name"], label=document["label"], definition=document)
    rows = [Documentation(integration=integration, **record) for record in records]
    return {
        row.key: {
            "state": str(verdict.state),
            "score": verdict.score,
            "tokens": verdict.tokens,
            "problems": verdict.problems,
            "findings": [": ".join(each) for each in verdict.findings],
        }
        for row, verdict in zip(rows, verdicts_on(integration, rows), strict=True)
    }


def write() -> None:
    """Write them anew."""
    KEPT.write_text(json.dumps(findings(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
