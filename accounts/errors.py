"""What can go wrong in this app.

AccountError
├── ConnectionRefused        the vendor refused the connection test, or could not be asked
├── CredentialsUnreadable    stored credentials cannot be decrypted
├── KeysUnusable             this process has other keys than the database was used with
├── SecretsMoved             the account would send its secrets to an address that they were not given for
├── AccountChanged           somebody else changed the account at the same time
├── ConsentNeeded            a person has to consent at the vendor, in the portal
├── ConsentFailed            a request for consent has produced no account
├── TokenRefused             the vendor's authorization server refuses a token
├── ConnectionIncomplete     a connection field of the definition is missing or malformed
├── MemberRefused            a change of an environment's members is not possible
│   └── InvitationUnusable       the link has no invitation, or none that can still be accepted
├── SignInRefused            an attempt to sign in or to confirm an identity is not accepted now
├── AddressRefused           a valid API token may not be used from this address
├── TokenUnfit               an API token with these settings cannot be issued; names the field and the reason
├── DefinitionInvalid        a definition does not fit its schema
├── AllowanceUsedUp          an MCP server, API token or person has reached one of Patchbay's limits
├── NetworkInvalid           a text is not a network, or there are too many
├── NotJSON                  a text is not JSON
│   ├── NumberTooLarge           it may be JSON, but has a number that no float holds
│   └── BeyondLimits             it may be JSON, but exceeds a limit
│       ├── TooDeep                  nested deeper than MAX_JSON_DEPTH
│       └── TooMany                  more than MAX_JSON_VALUES values
└── UpstreamFailure          a request to a vendor brought no usable answer
    ├── TokensUnreadable         the stored tokens cannot be decrypted, which is the operator's matter
    ├── ReauthenticationNeeded   the vendor no longer accepts the stored credentials; a person must reconnect
    ├── AuthorizationUnavailable no new token is available at present
    ├── UpstreamForbidden        the address may not be called
    ├── UpstreamUnsendable       the request or its address is malformed
    ├── UpstreamDown             the vendor did not answer, and is not called for a while
    ├── UpstreamBusy             the account has its maximum of calls under way
    ├── UpstreamUnreachable      no connection could be made
    ├── UpstreamTimeout          no complete answer within the time allowed
    ├── UpstreamBroken           the connection ended before the answer did
    ├── UpstreamUnreadable       the answer's compression cannot be read
    ├── UpstreamTooLarge         the answer exceeds the size allowed
    └── UpstreamRevealing        the answer repeats credentials that cannot be masked

OperationalError             Django's
├── DatabaseAway             the database does not answer, and is not asked until it does
└── DatabaseBusy             the database, or the way to it, has more to do than fits into the time allowed

Errors that other rooms handle are defined here; a ValueError that callers in this room translate is defined beside the
code that raises it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from django.db import OperationalError

from accounts.texts.counting import counted

T = TypeVar("T")


class AccountError(Exception):
    """Anything that this app refuses."""


@dataclass
class ConnectionRefused(AccountError):
    """The vendor did not accept the connection: `status` is its HTTP status code, None if it was not reached.

    `forbidden` says that the address may not be called, so no call was tried.
    """

    reason: str
    status: int | None = None
    forbidden: bool = False

    def __str__(self) -> str:
        return self.reason


class CredentialsUnreadable(AccountError):
    """Stored credentials cannot be decrypted: the operator's matter, since their key may be missing or another one."""


@dataclass
class KeysUnusable(AccountError):
    """The process must not start: the keys `names` are not the database's. One sentence says so, and what to do."""

    names: list[str]
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class SecretsMoved(AccountError):
    """The account would send its secrets to an address that they were not given for; nothing is sent."""


class AccountChanged(AccountError):
    """Somebody else changed the connection of the account `name` meanwhile; nothing was saved."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Somebody else changed the connection of {name!r} meanwhile, so nothing was saved. Look at it as it is "
            "now, and try again."
        )


class ConsentNeeded(AccountError):
    """A person has to consent at the vendor before it issues tokens; only the portal can send a person there."""


class ConsentFailed(AccountError):
    """A request for consent has produced no account; the message says why, and what to do."""


@dataclass
class TokenRefused(AccountError):
    """The authorization server refused a token, with its error code (RFC 6749, section 5.2) and its words."""

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
    """A change of an environment's members is not possible; the message says why."""


class InvitationUnusable(MemberRefused):
    """A link has no invitation that can be accepted; one message for all reasons, since anybody may read it."""

    def __str__(self) -> str:
        return (
            "This invitation cannot be used. It may have been used, withdrawn or expired, or the link is incomplete. "
            "Ask the person who invited you for a new link."
        )


@dataclass
class SignInRefused(AccountError):
    """An attempt with a name, password or code is not accepted now, but may be in `seconds`."""

    reason: Literal["locked", "slowed", "busy"]
    seconds: int

    def __str__(self) -> str:
        return SIGN_IN_WORDS[self.reason].format(
            seconds=counted(self.seconds, "second"), minutes=counted(-(-self.seconds // 60), "minute")
        )


SIGN_IN_WORDS = {
    "locked": "There were too many attempts with a wrong name, password or code. Wait {minutes}, then try again.",
    "slowed": "Somebody tried to guess the password of this name, so that each attempt takes a while. Nothing was "
    "checked yet. Wait {seconds}, then give the password again.",
    "busy": "Too many people are signing in. Nothing was checked yet. Wait {seconds}, then try again.",
}


@dataclass
class AddressRefused(AccountError):
    """An API token may not be used from `address`, the client's address as this installation sees it."""

    address: str

    def __str__(self) -> str:
        return (
            f"This API token may not be used from {self.address}, the address that this request came from. Use it from "
            "one of its networks, or have one issued for this address."
        )


@dataclass
class TokenUnfit(AccountError):
    """An API token with these settings cannot be issued; `field` is the wrong one, or empty for all of them."""

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
    """One of Patchbay's own limits is reached, not a vendor's; `retry_after` is the seconds to wait, if known."""

    holder: str
    limit: str
    advice: str
    retry_after: int | None = None

    def __str__(self) -> str:
        return f"This {self.holder}'s own limit in Patchbay is reached: {self.limit}. {self.advice}"


class NetworkInvalid(AccountError):
    """A text is not a network, or there are too many; the message says which and why."""


class NotJSON(AccountError):
    """The text is not JSON."""


class NumberTooLarge(NotJSON):
    """The text has a number beyond the floats; the message continues a sentence that begins "the body has"."""


class BeyondLimits(NotJSON):
    """The text may be JSON, but exceeds a limit; the message continues a sentence that begins "the body is"."""


class TooDeep(BeyondLimits):
    """The text is nested deeper than MAX_JSON_DEPTH."""


class TooMany(BeyondLimits):
    """The text contains more than MAX_JSON_VALUES values."""


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


def entry_for(failure: Exception, table: Mapping[type[Exception], T]) -> T:
    """Return the entry for a failure in a table of translations: that of its most specific class."""
    return next(table[kind] for kind in type(failure).__mro__ if kind in table)


class DatabaseAway(OperationalError):
    """The database does not answer. It was not asked; `retry_after` is the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the database is away")
        self.retry_after = retry_after


class DatabaseBusy(OperationalError):
    """No answer of the database in the time allowed; `retry_after` is the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("the database is busy")
        self.retry_after = retry_after
