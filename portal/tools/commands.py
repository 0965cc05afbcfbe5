"""Requests to Patchbay as curl commands; the API token is an environment variable."""

import json
import shlex
from typing import Any

BEARER = "Bearer $PATCHBAY_API_TOKEN"
TOKEN = f'-H "Authorization: {BEARER}"'
JSON = "-H 'Content-Type: application/json'"


def curl_over_mcp(url: str, message: str, *, with_api_token: bool) -> str:
    """Return a command that sends a message to a server; `url` is not quoted, since it may be a variable."""
    token = [TOKEN] if with_api_token else []
    accepts = "-H 'Accept: application/json, text/event-stream'"
    return _lines(f"curl -sS {url}", *token, JSON, accepts, f"-d {shlex.quote(message)}")


def curl_over_rest(http: str, address: str, sent: Any = None, *, with_api_token: bool = True) -> str:
    """Return a command that sends a request, with a JSON body unless `sent` is None."""
    # curl sends GET by default, and POST when there is a body.
    method = "" if http == ("GET" if sent is None else "POST") else f"-X {http} "
    token = [TOKEN] if with_api_token else []
    body = [] if sent is None else [JSON, f"-d {shlex.quote(json.dumps(sent, ensure_ascii=False))}"]
    return _lines(f"curl -sS {method}{shlex.quote(address)}", *token, *body)


def _lines(*parts: str) -> str:
    return " \\\n  ".join(parts)
