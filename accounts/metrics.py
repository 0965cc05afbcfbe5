"""Prometheus series of caches, changes, limits and upstream calls; `config/monitoring/metrics.py` exports them."""

from prometheus_client import Counter, Gauge

# Callers keep their labelled series: looking one up costs more than incrementing it.
CACHE_LOOKUPS = Counter(
    "patchbay_cache_lookups", "Look-ups in the caches of database rows, by outcome.", ["cache", "outcome"]
)
CACHE_BYTES = Gauge("patchbay_cache_bytes", "What a cache holds, in bytes as estimated for CACHE_BYTES.", ["cache"])
CACHE_ENTRIES = Gauge("patchbay_cache_entries", "Entries that a cache holds.", ["cache"])
CACHE_EVICTIONS = Counter(
    "patchbay_cache_evictions", "Entries dropped because all caches together reached CACHE_BYTES.", ["cache"]
)
CHANGES = Counter(
    "patchbay_changes_heard",
    "Changes heard of, by what changed and where the change was made.",
    ["kind", "origin"],
)
REFUSED = Counter(
    "patchbay_refused", "Requests refused at a limit of our own, by its holder and kind.", ["holder", "limit"]
)
CALLS_NOT_SENT = Counter(
    "patchbay_upstream_not_sent",
    "Calls that were not sent: the vendor is down, or the account's line is full or slow.",
    ["reason"],
)
CALLS_WAITING = Gauge("patchbay_upstream_waiting", "Calls that wait for their account's turn.")
CIRCUITS_OPENED = Counter("patchbay_upstream_circuits_opened", "How often a vendor was found to be down.")
TOKEN_REFRESHES = Counter(
    "patchbay_token_refreshes", "Requests to vendors for a new OAuth token, by outcome.", ["outcome"]
)
DATABASE_AWAY = Gauge("patchbay_database_away", "1 while the database does not answer, and is not asked by requests.")
DATABASE_REFUSALS = Counter(
    "patchbay_database_refusals", "Refused because the database was away, busy or read-only.", ["kind"]
)
for _outcome in ("renewed", "failed", "refused"):
    TOKEN_REFRESHES.labels(_outcome)  # made in advance: an alert sees no increase in a series that is new
NOTICES = Counter(
    "patchbay_notices", "Lines logged about troubles and their ends, by the name of the notice.", ["notice"]
)
UNKNOWN_TOKENS = Counter("patchbay_unknown_tokens", "Requests whose token opens nothing, by surface.", ["surface"])
