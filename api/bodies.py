"""Parse JSON bodies of API requests, within limits on size, depth and number of values."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from accounts import bounded_json
from accounts.errors import BeyondLimits, NotJSON, NumberTooLarge
from api.problems import Problem, ProblemRaised

JSON = "application/json"


def read_json(raw: bytes) -> Any:
    """Parse a body; raise ProblemRaised if it exceeds a limit or is not JSON."""
    if len(raw) > settings.MAX_BODY_BYTES:
        raise ProblemRaised(too_large())
    try:
        return bounded_json.loads_request(raw)
    except BeyondLimits as beyond:
        raise ProblemRaised(Problem(400, f"The body is {beyond}. Send a smaller document.")) from None
    except NumberTooLarge as problem:
        raise ProblemRaised(Problem(400, f"The body has {problem}. Give it as text.")) from None
    except NotJSON as problem:
        raise ProblemRaised(Problem(400, f"The body is not valid JSON: {problem}.")) from None


def too_large() -> Problem:
    """Return the problem of a body over the limit."""
    return Problem(413, f"The body is larger than {settings.MAX_BODY_BYTES} bytes. Send less.")


def not_json(sent: str) -> Problem:
    """Return the problem of a body with another media type; `sent` is the media type sent."""
    return Problem(415, f"The body was sent as {sent[:80] or 'nothing known'}. Send it as {JSON}.")


class BoundedJSONParser(BaseParser):
    """DRF's parser, with the same limits."""

    media_type = JSON

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Read at most one byte beyond the limit, whatever length was declared."""
        return read_json(stream.read(settings.MAX_BODY_BYTES + 1))
