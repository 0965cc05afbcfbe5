"""Notice who sends tokens that open nothing: mistyped, guessed, expired or revoked ones look the same.

Attempts are counted in metrics by surface, and told of by the client's address, as far as CLIENT_ADDRESSES keeps it.
"""

from accounts.metrics import UNKNOWN_TOKENS
from accounts.notices import Notice, Troubles
from accounts.web.client_address import noted_address

# Fewer within a minute are a client that was not told of a new URL.
MANY_ATTEMPTS = 10
SENTENCE = "Requests came with tokens that open nothing."

_attempts = Troubles(Notice.UNKNOWN_TOKENS, least=MANY_ATTEMPTS)
_counted = {surface: UNKNOWN_TOKENS.labels(surface) for surface in ("mcp", "rest", "oauth")}


def note_unknown_token(surface: str, address: str) -> None:
    """Count a request whose token opens nothing; `surface` is `mcp`, `rest` or `oauth`."""
    _counted[surface].inc()
    client = noted_address(address) or "-"
    _attempts.happened(client, SENTENCE, {"client": client, "surface": surface})
