"""What can go wrong in this app.

AccountError
├── ConnectionRefused        the vendor refused the connection test, or could not be asked
├── CredentialsUnreadable    stored credentials cannot be decrypted
├── SecretsMoved             the account would send its secrets elsewhere than they were given for
├── AccountChanged           somebody else changed the account at the same time
├── ConsentNeeded            a person has to consent at the vendor, in the portal
├── ConsentFailed            the vendor's answer to a request for consent brings no account
├── TokenRefused             the vendor's authorization server gives no token
├── ConnectionIncomplete     a connection field that the definition asks for is missing or of the wrong form
├── MemberRefused            a change of an environment's members that is not possible
│   └── InvitationUnusable       no invitation answers to this link any more, or none ever did
├── SignInRefused            an attempt to prove who somebody is, which is not taken now
├── AddressRefused           an API token that is good may not be used from this address
├── TokenUnfit               an API token cannot be issued as asked; names the field and the reason
├── DefinitionInvalid        a definition does not fit its schema
├── AllowanceUsedUp          an MCP server, API token or person has all that it may take at once
├── NetworkInvalid           a text is no network, or there are too many
├── NotJSON                  a text is not JSON
│   └── BeyondLimits             it may be JSON, but there is more of it than is read
│       ├── TooDeep                  nested deeper than MAX_JSON_DEPTH
│       └── TooMany                  more than MAX_JSON_VALUES values
└── UpstreamFailure          a request to a vendor brought no usable answer
    ├── ReauthenticationNeeded   the vendor no longer takes the stored credentials; a person must connect again
    ├── AuthorizationUnavailable no new token can be had at present
    ├── UpstreamForbidden        the address is not one that may be called
    ├── UpstreamUnsendable       the request cannot be written down
    ├── UpstreamDown             the vendor is left alone for a while, since it did not answer
    ├── UpstreamBusy             the account has as many calls under way as it may
    ├── UpstreamUnreachable      no connection could be made
    ├── UpstreamTimeout          no whole answer within the time allowed
    ├── UpstreamBroken           the connection ended before the answer did
    ├── UpstreamUnreadable       the answer's compression cannot be read
    ├── UpstreamTooLarge         the answer exceeds the size allowed
    └── UpstreamRevealing        the answer repeats credentials that cannot be taken out of it

What crosses to another room stands here. A ValueError that its callers in this room translate stands beside what
raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

T = TypeVar("T")


class AccountError(Exception):
    """Anything that this app refuses."""


@dataclass
class ConnectionRefused(AccountError):
    """The vendor did not accept the connection: `status` is its HTTP status code, None when it was not reached.

    `forbidden` tells that the address is not one that may be called, so that it was not even tried.
    """

    reason: str
    status: int | None = None
    forbidden: bool = False

    def __str__(self) -> str:
        return self.reason


class CredentialsUnreadable(AccountError):
    """The account's stored credentials cannot be used; the account must be connected again."""


class SecretsMoved(AccountError):
    """The account would send its secrets to another address than they were given for; nothing is sent."""


class AccountChanged(AccountError):
    """Somebody else changed the account's connection meanwhile; `name` is the account's. Nothing was saved."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Somebody else changed the connection of {name!r} meanwhile, so nothing was saved. Look at it as it is "
            "now, and try again."
        )


class ConsentNeeded(AccountError):
    """A person has to consent at the vendor before it gives tokens; only the portal can send one there."""


class ConsentFailed(AccountError):
    """No account came of a request for consent; the text says why, and what to do."""


@dataclass
class TokenRefused(AccountError):
    """The authorization server refused to give a token: its code for why (RFC 6749, section 5.2), and its words."""

    error: str
    words: str = ""
    status: int = 400

    def __str__(self) -> str:
        return f"{self.error}: {self.words}" if self.words else self.error


@dataclass
class ConnectionIncomplete(AccountError):
    """Connection fields that are missing or wrong: reasons by field name."""

    problems: dict[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{name}: {reason}" for name, reason in self.problems.items())


class MemberRefused(AccountError):
    """An environment's members cannot be changed so; the message says why."""


class InvitationUnusable(MemberRefused):
    """A link without an invitation that can be accepted; one answer for all reasons, since whoever asks is unknown."""

    def __str__(self) -> str:
        return (
            "This invitation cannot be used. It may have been used already, be withdrawn or too old, or the link is "
            "not whole. Ask whoever invited you for a new link."
        )


@dataclass
class SignInRefused(AccountError):
    """An attempt with a name, password or code that is not taken now; it may be in `seconds`."""

    reason: Literal["locked", "slowed", "busy"]
    seconds: int

    def __str__(self) -> str:
        return SIGN_IN_WORDS[self.reason].format(seconds=self.seconds, minutes=-(-self.seconds // 60))


SIGN_IN_WORDS = {
    "locked": "There were too many attempts with a wrong name, password or code. Wait {minutes} minutes, then try "
    "again.",
    "slowed": "Somebody tried to guess the password of this name, so that each attempt takes a while. Nothing was "
    "checked yet. Wait {seconds} seconds, then give the password again.",
    "busy": "Too many people sign in at this moment. Nothing was checked yet. Wait {seconds} seconds, then try again.",
}


@dataclass
class AddressRefused(AccountError):
    """An API token may not be used from `address`, which is the client's as this installation sees it."""

    address: str

    def __str__(self) -> str:
        return (
            f"This API token may not be used from {self.address}, the address that this request came from. Use it from "
            "one of its networks, or have one issued for this address."
        )


@dataclass
class TokenUnfit(AccountError):
    """An API token cannot be issued as asked: which field is in the way (none: the whole), and why."""

    field: str
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass
class DefinitionInvalid(AccountError):
    """A definition's problems, one sentence each, with the place in the document first."""

    problems: list[str]

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass
class AllowanceUsedUp(AccountError):
    """A limit of ours is reached, not the vendor's; `retry_after` is the seconds to wait, where they are known."""

    holder: str
    limit: str
    advice: str
    retry_after: int | None = None

    def __str__(self) -> str:
        return f"This {self.holder}'s own limit in Patchbay is reached: {self.limit}. {self.advice}"


class NetworkInvalid(AccountError):
    """A text is no network, or there are too many; says which and why."""


class NotJSON(AccountError):
    """The text is not JSON."""


class BeyondLimits(NotJSON):
    """The text may be JSON, but more of it than is read; the message goes on after "the body is"."""


class TooDeep(BeyondLimits):
    """The text is nested deeper than MAX_JSON_DEPTH."""


class TooMany(BeyondLimits):
    """The text holds more than MAX_JSON_VALUES values."""


@dataclass
class UpstreamFailure(AccountError):
    """No usable answer came from the vendor; `reason` says why, within a sentence, and holds no secret.

    `retry_after` is the seconds to wait, where they are known. Each class says whether the request can have had an
    effect, whether time ran out, whether the same request may do better later, and which HTTP status this amounts to.
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
    """The vendor no longer takes the account's credentials; a person must connect the account again."""

    may_have_arrived = False
    status = 401


class AuthorizationUnavailable(UpstreamFailure):
    """The vendor's authorization server gave no new token, and later it may; the request itself was not sent."""

    may_have_arrived = False


class UpstreamForbidden(UpstreamFailure):
    """The address is not public, or not one that a request may go to."""

    may_have_arrived = False


class UpstreamUnsendable(UpstreamFailure):
    """The request cannot be written down, or its address is none; nothing was sent."""

    may_have_arrived = False


class UpstreamDown(UpstreamFailure):
    """The vendor did not answer `failures` times in a row and is left alone; `cause` is what went wrong last."""

    retry_after: int

    may_have_arrived = False

    def __init__(self, cause: str, failures: int, retry_after: int) -> None:
        super().__init__(f"the last {failures} calls failed (the last one: {cause})", retry_after)


class UpstreamBusy(UpstreamFailure):
    """The account has `under_way` calls under way, as many as it may, and no turn came in time."""

    retry_after: int

    may_have_arrived = False

    def __init__(self, under_way: int, retry_after: int) -> None:
        super().__init__(f"{under_way} calls of this account are under way already", retry_after)


@dataclass
class UpstreamUnreachable(UpstreamFailure):
    """No connection could be made, so that nothing was sent; `is_passing` tells that the next attempt may make one."""

    is_passing: bool = False

    may_have_arrived = False


class UpstreamTimeout(UpstreamFailure):
    """The answer was not there, or not whole, within the time allowed."""

    timed_out = True


@dataclass
class UpstreamBroken(UpstreamFailure):
    """The connection ended before the answer did; `was_stale`: a kept one, before any of the answer came."""

    was_stale: bool = False


class UpstreamUnreadable(UpstreamFailure):
    """The answer's compression is damaged, or was not asked for."""


class UpstreamTooLarge(UpstreamFailure):
    """The answer exceeds the size allowed, after decompression."""


class UpstreamRevealing(UpstreamFailure):
    """The answer repeats the account's credentials where they cannot be masked, such as in a file."""

    worth_repeating = False


def entry_for(failure: Exception, table: Mapping[type[Exception], T]) -> T:
    """Return what a table of translations has for a failure: the entry of the narrowest of its classes."""
    return next(table[kind] for kind in type(failure).__mro__ if kind in table)
