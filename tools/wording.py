"""What a model reads when a call fails: what failed, whether to try again, and what to change."""

from tools.errors import (
    AccountUnusable,
    AnswerUnusable,
    CallFailed,
    InvalidArguments,
    RateLimited,
    VendorRefused,
    VendorUnreachable,
)


def explain(failed: CallFailed, *, tool_name: str, vendor: str, read_only: bool) -> str:
    """Return the text for a failed call."""
    match failed:
        case InvalidArguments():
            problems = "\n".join(f"- {problem}" for problem in failed.problems)
            return f"{failed.reason} Nothing was sent to {vendor}.\n{problems}\nCorrect the arguments and call again."
        case RateLimited():
            return _rate_limited(failed, vendor)
        case VendorRefused():
            return _refused(failed, vendor)
        case VendorUnreachable():
            return f"{failed.reason} {_after_silence(tool_name, read_only, failed.may_have_arrived)}"
        case AnswerUnusable():
            return f"{failed.reason} {_after_silence(tool_name, read_only, failed.may_have_arrived)}"
        case AccountUnusable():
            return (
                f"{failed.reason} Do not try again: ask the person to open the account in Patchbay "
                "and connect it again."
            )
        case _:
            return f"{tool_name} failed: {failed.reason} Do not try again; tell the person."


def _rate_limited(failed: RateLimited, vendor: str) -> str:
    limits = failed.limits
    if limits.reset is None:
        wait = "It did not say for how long: wait a minute before you try again, and longer each time after that."
    else:
        wait = f"Wait {limits.reset} seconds before you call any tool of this account again."
    known = ", ".join(f"{name}: {value}" for name, value in limits.values().items())
    return (
        f"{vendor}'s rate limit is reached (HTTP 429); the call had no effect. {wait} "
        f"Until then, go on with what you have, or tell the person." + (f"\n{known}" if known else "")
    )


def _refused(failed: VendorRefused, vendor: str) -> str:
    said = f" It said: {failed.words!r}." if failed.words else ""
    code = f" ({failed.code})" if failed.code else ""
    return f"{vendor} refused the call with HTTP {failed.status}{code}.{said} {_advice(failed.status or 0, vendor)}"


def _advice(status: int, vendor: str) -> str:
    match status:
        case 401:
            return (
                "The account's credentials no longer work. Do not try again: ask the person to reconnect "
                "the account in Patchbay."
            )
        case 403:
            return (
                f"The account's credentials do not permit this. Do not try again: the person can grant the "
                f"permission in {vendor}."
            )
        case 404 | 410:
            return "No such record exists. Check the id, or find the record with a list tool; do not repeat the call."
        case 405:
            return "The vendor does not offer this for the record. Do not repeat the call."
        case 408 | 425:
            return "Try once more."
        case 409 | 412:
            return "The record is in another state than expected. Read it again before you change it."
        case 413:
            return "What was sent is too large. Send less."
        case _ if 400 <= status < 500:
            return "Correct the arguments by what it said; do not repeat the same call."
        case _:
            return (
                f"The fault is at {vendor}. Try once more after a minute; if it fails again, tell the person. "
                "Before repeating a write, read the record to see whether it took effect."
            )


def _after_silence(tool_name: str, read_only: bool, may_have_arrived: bool) -> str:
    if read_only:
        return "You may try once more; if it fails again, tell the person."
    if not may_have_arrived:
        return "Nothing was changed. You may try once more; if it fails again, tell the person."
    return (
        f"It is not known whether {tool_name} took effect. Do not repeat it before you have read the record "
        "and seen that it did not."
    )
