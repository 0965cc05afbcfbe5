"""What is counted of caches and of changes; `config/metrics.py` shows it."""

from prometheus_client import Counter

# Series are made once and held by whoever counts: looking one up by its labels costs more than counting.
CACHE_LOOKUPS = Counter(
    "patchbay_cache_lookups", "Look-ups in what is held of the database's rows, by outcome.", ["cache", "outcome"]
)
CHANGES = Counter(
    "patchbay_changes_heard",
    "Changes heard of, by what changed and where it was made.",
    ["kind", "origin"],
)
