"""Read a vendor's answer: the result in it, or what it says went wrong."""

from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from accounts import bounded_json
from accounts.connections import Connection
from accounts.upstream import UpstreamResponse
from accounts.vendor_words import vendor_words
from tools.catalogue import Tool
from tools.errors import AnswerUnusable, RateLimited, VendorRefused
from tools.ratelimits import RateLimits


def read_answer(tool: Tool, connection: Connection, response: UpstreamResponse, limits: RateLimits) -> Any:
    """Return the result in an answer; raise what the answer says went wrong."""
    vendor = connection.vendor
    if response.status == 429:
        raise RateLimited(f"{vendor}'s rate limit is reached.", response.status, limits)
    if 300 <= response.status < 400:
        raise _unusable(
            f"{vendor} answered with a redirect (HTTP {response.status}), which is never followed.", response, limits
        )
    if response.status >= 400:
        words, code = vendor_words(response, tool.definition, connection)
        raise VendorRefused(
            f"{vendor} refused the call with HTTP {response.status}.",
            response.status,
            limits,
            words=words,
            code=code,
        )
    if not response.body.strip():
        if tool.read_only and response.status != 204:
            raise _unusable(
                f"{vendor} answered HTTP {response.status}, but with nothing instead of data.", response, limits
            )
        return None
    try:
        answer = bounded_json.loads(response.body)
    except bounded_json.NotJSON as problem:
        what = "a web page, such as a sign-in page" if "html" in response.media_type else f"no usable JSON ({problem})"
        raise _unusable(
            f"{vendor} answered HTTP {response.status}, but with {what} instead of data.", response, limits
        ) from None
    if not tool.method.result:
        return answer
    try:
        return jmespath.search(tool.method.result, answer)
    except JMESPathError:
        raise _unusable(f"{vendor} answered in another form than its definition says.", response, limits) from None


def _unusable(reason: str, response: UpstreamResponse, limits: RateLimits) -> AnswerUnusable:
    return AnswerUnusable(reason, response.status, limits)
