"""What every framework is asked to do; prints one line of JSON: the tools that it lists, and what its model would read.

This and the programs beside it run where a framework is installed and the product is not.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from tests.clients.outcomes import INVALID, PAGE, READ, REFUSED, WRITE

# Calls a tool by its name as the framework does for its model, and returns the text that the model gets.
Call = Callable[[str, dict[str, Any]], Awaitable[str]]


def asked() -> tuple[str, str, str]:
    """Return the transport (`http` or `sse`), the address, and the note to write, as the command line has them."""
    transport, url, note = sys.argv[1:]
    return transport, url, note


async def walk(listed: list[str], call: Call, note: str) -> None:
    """Make the calls and print what came of each step."""
    came: dict[str, Any] = {"list": listed}
    steps: dict[str, tuple[str, dict[str, Any]]] = {
        "read": READ,
        "page": PAGE,
        "write": (WRITE, {**READ[1], "note": note}),
        "invalid": INVALID,
        "refused": REFUSED,
    }
    for step, (name, arguments) in steps.items():
        try:
            came[step] = {"text": await call(name, arguments)}
        except Exception as problem:  # the framework's model would get none of it
            came[step] = {"raised": f"{type(problem).__name__}: {problem}"}
    print(f"\n{json.dumps(came)}")  # noqa: T201  what the test reads
