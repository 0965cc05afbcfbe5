"""What is refused before anything is sent to a vendor, or because of what a vendor or a person gave."""

from dataclasses import dataclass
from typing import Literal

from accounts.texts.counting import counted


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


class PasswordLinkUnusable(AccountError):
    """A link for a new password is nobody's; one message for all reasons, since anybody may read it."""

    def __str__(self) -> str:
        return (
            "This link cannot be used. It may have been used, replaced or expired, or it is incomplete. Ask for a new "
            "one on the sign-in page."
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
class SignOnFailed(AccountError):
    """Single sign-on has let nobody in; the message is for the person. `is_passing`: the provider is away for now."""

    reason: str
    is_passing: bool = False

    def __str__(self) -> str:
        return self.reason


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
