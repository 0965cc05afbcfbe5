"""Ask a language model over HTTP, under the same guard of addresses as every request to a vendor.

Nothing that is sent or answered is logged, and the key is masked in whatever the address answers.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings

from accounts import bounded_json
from accounts.errors import CredentialsUnreadable, NotJSON, UpstreamFailure, UpstreamForbidden
from accounts.models import LanguageModel
from accounts.product import USER_AGENT
from accounts.vendors.addresses import base_url_problem
from accounts.vendors.answers.markup import without_markup
from accounts.vendors.answers.reasons import reason_in
from accounts.vendors.concealment import SecretMask
from accounts.vendors.transport import PooledTransport
from accounts.vendors.upstream import Upstream, UpstreamResponse
from tools.evaluation.errors import AnswerUnreadable, ModelFailed

# A model that thinks first may be silent for long.
MOST_SECONDS = 180.0
# How often a question waits for a model that is at its limit or overloaded, and for how long at most, in seconds.
MOST_PAUSES, LONGEST_PAUSE, USUAL_PAUSE = 3, 60, 10
PAUSING = frozenset({429, 503, 529})
MOST_WORDS = 300
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}


@dataclass
class ModelClient:
    """Asks one language model, in one event loop, until it is closed."""

    base_url: str
    headers: dict[str, str] = field(repr=False)
    secrets: SecretMask = field(repr=False)
    upstream: Upstream = field(repr=False)

    async def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Return the JSON that a request is answered with; raise ModelFailed."""
        content = json.dumps(body).encode()
        for pauses in range(MOST_PAUSES + 1):
            response = await self._send(path, content)
            if 200 <= response.status < 300:
                return _json_of(response)
            pause = _pause_of(response)
            if pauses == MOST_PAUSES or response.status not in PAUSING or pause > LONGEST_PAUSE:
                break
            await asyncio.sleep(pause)
        raise ModelFailed(_refusal(response))

    async def _send(self, path: str, content: bytes) -> UpstreamResponse:
        request = httpx.Request(
            "POST",
            self.base_url,
            headers={**HEADERS, "Content-Type": "application/json", **self.headers},
            stream=httpx.ByteStream(content),
            extensions={"target": path, "seconds": MOST_SECONDS},
        )
        try:
            return self.secrets.masked(await self.upstream.send(request))
        except UpstreamForbidden as forbidden:
            hint = "UPSTREAM_PRIVATE_HOSTS names the private addresses that may be called."
            raise ModelFailed(f"The language model was not asked: {forbidden}. {hint}") from None
        except UpstreamFailure as failure:
            raise ModelFailed(f"The language model gave no answer: {self.secrets.conceal(str(failure))}.") from None


def client_of(model: LanguageModel, headers: dict[str, str], key: str) -> ModelClient:
    """Return a client of a language model; raise ModelFailed for an address that cannot be used."""
    problem = base_url_problem(model.base_url)
    if problem:
        raise ModelFailed(f"The address of {model.name} cannot be used. {problem}")
    transport = PooledTransport(
        connect_seconds=settings.UPSTREAM_CONNECT_SECONDS, read_seconds=MOST_SECONDS, total_seconds=MOST_SECONDS
    )
    return ModelClient(model.base_url, headers, SecretMask((key,)), Upstream(transport))


def key_of(model: LanguageModel) -> str:
    """Return a language model's key; raise ModelFailed if it cannot be decrypted."""
    try:
        return model.read_key()
    except CredentialsUnreadable as unreadable:
        raise ModelFailed(f"The key of {model.name} cannot be read: {unreadable}. Enter it again.") from None


def _json_of(response: UpstreamResponse) -> Any:
    try:
        return bounded_json.loads(response.body)
    except NotJSON:
        raise AnswerUnreadable("language model's") from None


def _pause_of(response: UpstreamResponse) -> int:
    """Return the seconds to wait before asking again (RFC 9110, 10.2.3); a date counts as the usual pause."""
    told = response.headers.get("retry-after", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else USUAL_PAUSE


def _refusal(response: UpstreamResponse) -> str:
    """Return what a refusal means and what to do, with the address's own words."""
    status, words = response.status, _words_of(response)
    match status:
        case 401 | 403:
            what = f"The language model's address refuses the key (HTTP {status}). Enter another one."
        case 404:
            what = "There is no such address or model (HTTP 404). Check both."
        case 429:
            what = "The language model's address is at its limit (HTTP 429). Run it later, or ask fewer questions."
        case _ if 300 <= status < 400:
            what = f"The address leads elsewhere (HTTP {status}), which is not followed. Give the final one."
        case _ if status >= 500:
            what = f"The language model's address fails (HTTP {status}). Run it again later."
        case _:
            what = f"The language model's address refused the request (HTTP {status})."
    return f"{what} Its own words: {words}" if words else what


def _words_of(response: UpstreamResponse) -> str:
    try:
        words = reason_in(bounded_json.loads(response.body)).told()
    except NotJSON:
        words = ""
    return without_markup(words)[:MOST_WORDS]
