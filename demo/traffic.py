"""The requests that have reached the API, for tests to read."""

from collections import Counter, deque
from datetime import datetime
from urllib.parse import parse_qsl

from demo.exchange import VendorRequest
from demo.keys import KEY_HEADER

KEPT_REQUESTS = 50
KEPT_BODY = 10_000
# Beyond this many paths the rest is counted together, since a benchmark may request every id.
COUNTED_PATHS = 1_000
OTHER_PATHS = "other"


class Traffic:
    """Counts every request and keeps the last ones, which are described only on demand."""

    def __init__(self) -> None:
        self.requests = 0
        self.paths: Counter[str] = Counter()
        self._last: deque[tuple[datetime, VendorRequest, str | None]] = deque(maxlen=KEPT_REQUESTS)

    def note(self, moment: datetime, request: VendorRequest, key_name: str | None) -> None:
        """Count a request, and remember it with the name of its key."""
        self.requests += 1
        place = f"{request.method} {request.path}"
        if place not in self.paths and len(self.paths) >= COUNTED_PATHS:
            place = OTHER_PATHS
        self.paths[place] += 1
        self._last.append((moment, request, key_name))

    def last(self) -> list[dict[str, object]]:
        """Describe the last requests, newest last. An API key appears only by its name."""
        return [_describe(*entry) for entry in self._last]


def _describe(moment: datetime, request: VendorRequest, key_name: str | None) -> dict[str, object]:
    query = request.query.decode("latin-1")
    shown = [pair for pair in request.headers if pair[0] != KEY_HEADER]
    return {
        "time": moment,
        "method": request.method,
        "path": request.path,
        "query_string": query,
        "query": dict(parse_qsl(query, keep_blank_values=True)),
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in shown},
        "key": key_name,
        "body": None if request.body is None else request.body[:KEPT_BODY].decode("utf-8", "replace"),
    }
