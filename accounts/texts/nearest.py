"""Find the known name closest to a mistyped one, for hints in errors, at a cost bounded for any input."""

import difflib
from collections.abc import Iterable
from heapq import nlargest
from itertools import islice, pairwise

MAX_NAME = 64
MAX_KNOWN = 1000
# difflib takes up to 0.1 ms to compare two names, so it gets only those that share most pairs of letters.
COMPARED = 20


def nearest(name: str, known: Iterable[str], *, cutoff: float) -> str:
    """Return the most similar known name, or an empty string if none reaches `cutoff` (0 to 1)."""
    name = name[:MAX_NAME]
    candidates = list(islice(known, MAX_KNOWN))
    if len(candidates) > COMPARED:
        pairs = _pairs(name)
        candidates = nlargest(COMPARED, candidates, key=lambda each: len(pairs & _pairs(each)) / (len(each) + 1))
    found = difflib.get_close_matches(name, [each[: 2 * MAX_NAME] for each in candidates], n=1, cutoff=cutoff)
    return found[0] if found else ""


def _pairs(name: str) -> set[tuple[str, str]]:
    return set(pairwise(name[: 2 * MAX_NAME]))
