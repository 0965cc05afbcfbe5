"""Why a request to a vendor brought no usable answer."""

from dataclasses import dataclass
from typing import ClassVar

from accounts.errors.refusals import AccountError
from accounts.texts.counting import counted


@dataclass
class UpstreamFailure(AccountError):
    """No usable answer came from the vendor; `reason` says why, as part of a sentence and without secrets.

    `retry_after` is the seconds to wait, if known. Each class says whether the request may have had an effect, whether
    time ran out, whether the same request may succeed later, and which HTTP status this amounts to.
    """

    reason: str
    retry_after: int | None = None

    may_have_arrived: ClassVar[bool] = True
    timed_out: ClassVar[bool] = False
    worth_repeating: ClassVar[bool] = True
    status: ClassVar[int | None] = None

    def __str__(self) -> str:
        return self.reason


class ReauthenticationNeeded(UpstreamFailure):
    """The vendor no longer accepts the account's credentials; a person must connect the account again."""

    may_have_arrived = False
    status = 401


class TokensUnreadable(UpstreamFailure):
    """The account's stored tokens cannot be decrypted; nothing was sent, and the vendor has no part in it."""

    may_have_arrived = False
    worth_repeating = False


class AuthorizationUnavailable(UpstreamFailure):
    """The vendor's authorization server issued no new token, but may later; the request itself was not sent."""

    may_have_arrived = False


class UpstreamForbidden(UpstreamFailure):
    """The address is not public, or is one that may not be called."""

    may_have_arrived = False


class UpstreamUnsendable(UpstreamFailure):
    """The request or its address is malformed; nothing was sent."""

    may_have_arrived = False


class UpstreamDown(UpstreamFailure):
    """The vendor did not answer `failures` times in a row, and is not called for a while; `cause` is the latest."""

    retry_after: int

    may_have_arrived = False

    def __init__(self, cause: str, failures: int, retry_after: int) -> None:
        super().__init__(f"the last {counted(failures, 'call')} failed (the last one: {cause})", retry_after)


class UpstreamBusy(UpstreamFailure):
    """The account has its maximum of `under_way` calls under way, and no turn came in time."""

    retry_after: int

    may_have_arrived = False

    def __init__(self, under_way: int, retry_after: int) -> None:
        super().__init__(f"this account has {counted(under_way, 'call')} under way already", retry_after)


@dataclass
class UpstreamUnreachable(UpstreamFailure):
    """No connection could be made, so nothing was sent; `is_passing` says that the next attempt may succeed."""

    is_passing: bool = False

    may_have_arrived = False


class UpstreamTimeout(UpstreamFailure):
    """The answer did not come, or was not complete, within the time allowed."""

    timed_out = True


@dataclass
class UpstreamBroken(UpstreamFailure):
    """The connection ended before the answer did; `was_stale`: it was a kept one, and none of the answer had come."""

    was_stale: bool = False


class UpstreamUnreadable(UpstreamFailure):
    """The answer's compression is damaged, or was not asked for."""


class UpstreamTooLarge(UpstreamFailure):
    """The answer exceeds the size allowed, after decompression."""


class UpstreamRevealing(UpstreamFailure):
    """The answer repeats the account's credentials where they cannot be masked, such as in a file."""

    worth_repeating = False
