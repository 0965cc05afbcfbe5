"""Metrics of streams, which `config/monitoring/metrics.py` exposes."""

from prometheus_client import Counter, Gauge

OPEN_STREAMS = Gauge("patchbay_open_streams", "Streams that this process holds open.", ["kind"])
# Created in advance, so that each is exposed from the start, at zero.
STREAMS = {kind: OPEN_STREAMS.labels(kind) for kind in ("server", "subscription", "legacy", "activity")}

DROPPED_STREAMS = Counter("patchbay_dropped_streams", "Streams whose client did not take what it was sent.", ["kind"])
DROPPED = {kind: DROPPED_STREAMS.labels(kind) for kind in ("server", "subscription", "legacy")}
