"""The note that each client adds to a case, looked for by a read of its own."""

import httpx

from tests.clients.outcomes import READ


def is_noted(url: str, note: str) -> bool:
    """Tell whether a read through Patchbay shows the note."""
    params = {"name": READ[0], "arguments": READ[1]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return note in httpx.post(url, json=body).text
