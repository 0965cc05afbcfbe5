"""What a client was asked to do, and whether what came of it is right."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CASE = "CAS-89102"
READ = ("get_single_fuse_desk_case_by_id", {"id": CASE})
PAGE = ("list_all_fuse_desk_cases", {"status": "open", "limit": 1})
WRITE = "fuse_desk_cases_add_note"
INVALID = ("list_all_fuse_desk_cases", {"status": "nonsense"})

# `connect` is initialize or server/discover. Each step's answer is as the client gave it, or {"error": …}.
STEPS = ("connect", "list", "read", "page", "write", "invalid")


@dataclass
class ClientOutcome:
    """One client's way through the steps: what went wrong, by step."""

    client: str
    revision: str
    problems: dict[str, str] = field(default_factory=dict)


def outcome_of(client: str, came: dict[str, Any]) -> ClientOutcome:
    """Hold what came of each step against what must come."""
    told = came.get("connect")
    outcome = ClientOutcome(client, str(told.get("revision", "")) if isinstance(told, dict) else "")
    for step in STEPS:
        try:
            right = CHECKS[step](came[step])
        except (KeyError, TypeError, IndexError, ValueError):
            right = False
        if not right:
            outcome.problems[step] = json.dumps(came.get(step, "nothing came"))[:600]
    return outcome


def _connected(came: Any) -> bool:
    return bool(came["name"] == "patchbay")


def _listed(came: Any) -> bool:
    return {READ[0], WRITE, INVALID[0]} <= set(came)


def _read(came: Any) -> bool:
    return not came.get("isError") and bool(json.loads(came["content"][0]["text"])["history"])


def _paged(came: Any) -> bool:
    return not came.get("isError") and json.loads(came["content"][0]["text"])["result_count"] == 1


def _written(came: Any) -> bool:
    return not came.get("isError") and isinstance(json.loads(came["content"][0]["text"]), dict)


def _refused(came: Any) -> bool:
    """Invalid arguments are a result from 2025-11-25 on, an error before; either names the argument."""
    if "error" in came:
        return "-32602" in came["error"] and "status" in came["error"]
    return came["isError"] is True and "status" in came["content"][0]["text"]


CHECKS: dict[str, Callable[[Any], bool]] = {
    "connect": _connected,
    "list": _listed,
    "read": _read,
    "page": _paged,
    "write": _written,
    "invalid": _refused,
}

# Fits the schema, and is refused all the same.
REFUSED = ("update_a_fuse_desk_case_by_id", {"id": CASE})
# What the model of a framework must find in the text that it reads at each step. At `invalid` these may be the words of
# a framework that checks arguments by the schema and sends none that do not fit.
READ_BY_MODEL = {
    "read": ("history", CASE),
    "page": ("result_count", "next_cursor"),
    "write": (CASE,),
    "invalid": ("status",),
    "refused": ("Nothing", "chang"),
}


def framework_outcome_of(client: str, revision: str, came: dict[str, Any]) -> ClientOutcome:
    """Hold what a framework's model would read against what it must; `came` is what the framework's program printed."""
    outcome = ClientOutcome(client, revision)
    if not _listed(came.get("list", ())):
        outcome.problems["list"] = json.dumps(came.get("list", came))[:600]
    for step, words in READ_BY_MODEL.items():
        text = came.get(step, {}).get("text", "")
        if not all(word in text for word in words):
            outcome.problems[step] = json.dumps(came.get(step, "nothing came"))[:600]
    return outcome
