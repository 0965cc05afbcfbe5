"""How much work something is, measured in calls of functions, so that no clock decides a test."""

import itertools
import sys
from collections.abc import Callable


def calls_made(work: Callable[[], object]) -> int:
    """Return how many calls and returns of functions there are while something is done."""
    made = itertools.count()
    sys.setprofile(lambda *_: next(made))
    try:
        work()
    finally:
        sys.setprofile(None)
    return next(made)
