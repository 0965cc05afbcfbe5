"""Read how long to wait from the body of a refusal: a member that says it, or the words of its message."""

import math
import re
from collections import deque
from itertools import islice
from typing import Any

from accounts.definition import Definition
from accounts.texts.names import plain_name, words_in
from accounts.vendors.answers.vendor_errors import error_document, vendor_reason
from accounts.vendors.upstream import UpstreamResponse
from tools.waits import LONGEST_MOMENT, seconds_of

# The most values that are looked at, and characters of a message.
VISITS = 300
MOST_WORDS = 1000
# A longer body is no message about a limit.
LONGEST = 64 * 1024
# Of other refusals, words such as `try again in 5 minutes` need not be about the call.
IN_WORDS = frozenset({200, 429, 503})
# Members that say how long, those in milliseconds, and those that say when the limit's window ends; the first count
# before the last. Each is a number, a duration, or a moment.
MILLISECONDS = words_in(
    """
    retryafterms retryaftermillis retryaftermilliseconds retryaftermsec retryinms retryinmillis retrydelayms
    waitms waitmillis backoffms resetafterms resetinms
    """
)
SECONDS = words_in(
    """
    retryafter retryafterseconds retryaftersecs retryaftersec retryafterinseconds retryin retryinseconds retrydelay
    retrydelayseconds retryat retryaftertime retryaftertimestamp waitseconds secondstowait waittime waittimeseconds
    waitfor waituntil backoff backoffseconds cooldown cooldownseconds timeuntilretry secondsuntilretry tryagainin
    tryagainafter nextretryat nextallowedat
    """
)
RESETS = words_in(
    """
    resetafter resetin resetinseconds resetsin resetafterseconds secondsuntilreset timeuntilreset timetoreset resetat
    resetsat resettime resettimestamp ratelimitreset ratelimitresetat reset
    """
)
RANKS = (MILLISECONDS, SECONDS, RESETS)
UNIT = r"(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
COUNT = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
# `6m0s` has no borders between its parts.
COMPACT = r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[dhms])){2,5}\b"
AGAIN = re.compile(
    r"\b(?:again|retry|retrying|wait|waiting|resets?|available|back ?off|reattempt)\b[^0-9.;!?]{0,40}"
    rf"({COMPACT}|{COUNT} ?{UNIT}(?:(?:,? and |,? )?{COUNT} ?{UNIT}){{0,4}})",
    re.IGNORECASE,
)
# Without a unit, only where nothing else can be meant: `retry after 8`.
SECONDS_AFTER = re.compile(rf"\bretry[- ]after:? ({COUNT})(?![0-9:/%-]| ?[a-z])", re.IGNORECASE)
JOINTS = re.compile(r",? and |, ?")


def told_wait(response: UpstreamResponse, definition: Definition) -> int | None:
    """Return the seconds that the body of a refusal says to wait; None if it does not say."""
    if len(response.body) > LONGEST:
        return None
    seconds = wait_in(error_document(response), with_resets=response.status in IN_WORDS)
    if seconds is None and response.status in IN_WORDS:
        return wait_said(vendor_reason(response, definition).told())
    return seconds


def wait_in(document: Any, *, with_resets: bool = True) -> int | None:
    """Return the seconds that the JSON of a refusal says to wait; None if it does not say, or says nonsense.

    `with_resets` says whether the end of a limit's window counts.
    """
    found: list[int | None] = [None for _ in RANKS]
    waiting = deque([document])
    for _ in range(VISITS):
        if not waiting:
            break
        part = waiting.popleft()
        if isinstance(part, list):
            waiting.extend(each for each in part[:VISITS] if isinstance(each, dict | list))
        if not isinstance(part, dict):
            continue
        for name, value in islice(part.items(), VISITS):
            rank = _rank(name)
            if rank is not None and found[rank] is None:
                found[rank] = _seconds(value, per_second=1 if rank else 1000)
            if isinstance(value, dict | list):
                waiting.append(value)
    counting = found if with_resets else found[:-1]
    return next((seconds for seconds in counting if seconds is not None), None)


def wait_said(words: str) -> int | None:
    """Return the seconds that a message says to wait, such as `Please try again in 6m0s.`; None if it does not say."""
    text = words[:MOST_WORDS]
    found = AGAIN.search(text)
    if found:
        return seconds_of(JOINTS.sub(" ", found[1])[:LONGEST_MOMENT])
    bare = SECONDS_AFTER.search(text)
    return seconds_of(bare[1]) if bare else None


def _rank(name: str) -> int | None:
    plain = plain_name(name[:64])
    return next((rank for rank, names in enumerate(RANKS) if plain in names), None)


def _seconds(value: Any, *, per_second: int) -> int | None:
    if isinstance(value, dict):  # a protobuf Duration, written out: {"seconds": "3", "nanos": 500000000}
        whole, nanos = value.get("seconds"), value.get("nanos", 0)
        seconds = _seconds(whole, per_second=1) if isinstance(whole, str | int) else None
        return seconds if seconds is None or not isinstance(nanos, int) or nanos <= 0 else seconds + 1
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float):
        value = f"{value:.6f}" if math.isfinite(value) and abs(value) < 1e15 else ""
    return seconds_of(str(value)[:LONGEST_MOMENT], per_second=per_second)
