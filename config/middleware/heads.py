"""Refuse request heads that violate RFC 9110 or 9112, or that two parsers could interpret differently.

They are checked once, before routing, so that no later code has to.
"""

import re
from collections.abc import Iterable

from django.conf import settings

from api.problems import Problem
from mcpservers.admission import request_headers
from mcpservers.endpoint import PREFIX
from mcpservers.errors import Refusal
from mcpservers.replies import Scope, Send, refusal_reply, send_reply

# RFC 9110, section 5.3: only list fields may be repeated. A proxy could use another value of these than this process.
SINGLE = frozenset(
    {b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding", b"origin", b"last-event-id"}
)
MCP_FIELD = b"mcp-"
# Django and DRF parse these in quadratic time, content-type on the event loop.
LONGEST = {b"content-type": 256, b"accept": 1024}
MAX_FIELD = 16 * 1024
LEAST_LONG = min(LONGEST.values())
# RFC 9112, section 3: no whitespace or control characters in any form of the target.
IN_TARGET = re.compile(rb"[^\x21-\x7e]")
IN_PATH = re.compile(r"[\x00-\x1f\x7f]")
# The scope's key for the raw request target, which `config.clients.connections` sets.
TARGET = "patchbay.target"


def problem_of(scope: Scope) -> tuple[int, str] | None:
    """Return status and message for an invalid head; None for a valid one."""
    headers = scope["headers"]
    size = 4 * len(headers)  # colon, space and line break of each field
    for name, value in headers:
        size += len(name) + len(value)
        if len(value) > LEAST_LONG and len(value) > LONGEST.get(name, MAX_FIELD):
            return 431, f"The header {name.decode('latin-1')[:64]} is too long. Send a shorter one."
    if size > settings.MAX_HEAD_BYTES:
        return 431, f"The head of the request is larger than {settings.MAX_HEAD_BYTES} bytes. Send fewer headers."
    fields = dict(headers)
    if len(fields) < len(headers) and (repeated := _repeated(headers)):
        return 400, f"The header {repeated.decode('latin-1')} was sent more than once; send it once."
    if b"transfer-encoding" in fields and b"content-length" in fields:  # RFC 9112, 6.3
        return 400, "Content-Length and Transfer-Encoding exclude each other; send one of them."
    host: bytes = fields.get(b"host", b"")
    if not host and scope["http_version"] == "1.1":  # RFC 9112, 3.2
        return 400, "The header Host is missing."
    return _problem_of_target(scope, host)


def _repeated(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the first repeated header that must not be repeated."""
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in seen and (name in SINGLE or name.startswith(MCP_FIELD)):
            return name
        seen.add(name)
    return None


def _problem_of_target(scope: Scope, host: bytes) -> tuple[int, str] | None:
    target: bytes = scope.get(TARGET) or scope.get("raw_path") or b"/"
    query: bytes = scope.get("query_string", b"")
    if IN_TARGET.search(target) or (query and IN_TARGET.search(query)) or IN_PATH.search(scope["path"]):
        return 400, "The address contains a character that no address may contain. Encode it, or leave it out."
    # RFC 9112, section 3.2.2: the absolute form is accepted, if its authority is the Host.
    if not target.startswith((b"/", b"*")):
        _, _, rest = target.partition(b"://")
        if re.split(rb"[/?#]", rest, maxsplit=1)[0].lower() != host.lower():
            return 400, "The address names a different host than the header Host."
    return None


async def refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    """Answer in the format of the API addressed, and close the connection."""
    close = (b"connection", b"close")
    if scope["path"].startswith(PREFIX):
        await send_reply(refusal_reply(Refusal(status, words, close)), request_headers(scope), send)
        return
    response = Problem(status, words, headers={"Connection": "close"}).response()
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
