"""What is counted of caches and of changes; `config/metrics.py` shows it."""

from prometheus_client import Counter, Gauge

# Series are made once and held by whoever counts: looking one up by its labels costs more than counting.
CACHE_LOOKUPS = Counter(
    "patchbay_cache_lookups", "Look-ups in what is held of the database's rows, by outcome.", ["cache", "outcome"]
)
CHANGES = Counter(
    "patchbay_changes_heard",
    "Changes heard of, by what changed and where it was made.",
    ["kind", "origin"],
)
REFUSED = Counter(
    "patchbay_refused", "Requests refused at a limit of our own, by whose limit it is and of what.", ["holder", "limit"]
)
CALLS_NOT_SENT = Counter(
    "patchbay_upstream_not_sent",
    "Calls that were not sent: the vendor is down, or the account's line is full or slow.",
    ["reason"],
)
CALLS_WAITING = Gauge("patchbay_upstream_waiting", "Calls that wait for a turn of their account.")
CIRCUITS_OPENED = Counter("patchbay_upstream_circuits_opened", "Times that a vendor was found to be down.")
TOKEN_REFRESHES = Counter(
    "patchbay_token_refreshes", "Times that a vendor was asked for a new OAuth token, by outcome.", ["outcome"]
)
