"""What can go wrong in this app.

AccountError
├── ConnectionRefused        the vendor refused the connection test, or could not be asked
├── CredentialsUnreadable    stored credentials cannot be decrypted
├── ReauthenticationNeeded   the vendor takes the stored credentials no longer; a person must connect again
├── ConnectionIncomplete     a connection field that the definition asks for is missing or of the wrong form
├── DefinitionInvalid        a definition does not fit its schema
└── UpstreamFailure          a request to a vendor brought no usable answer
    ├── UpstreamForbidden        the address is not one that may be called
    ├── UpstreamUnreachable      no connection could be made
    ├── UpstreamTimeout          no whole answer within the time allowed
    ├── UpstreamBroken           the connection ended, or the answer cannot be read
    └── UpstreamTooLarge         the answer exceeds the size allowed
"""

from dataclasses import dataclass


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


class ReauthenticationNeeded(AccountError):
    """The vendor takes the account's credentials no longer; a person must connect the account again."""


@dataclass
class ConnectionIncomplete(AccountError):
    """Connection fields that are missing or wrong: reasons by field name."""

    problems: dict[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{name}: {reason}" for name, reason in self.problems.items())


@dataclass
class DefinitionInvalid(AccountError):
    """A definition's problems, one sentence each, with the place in the document first."""

    problems: list[str]

    def __str__(self) -> str:
        return "\n".join(self.problems)


class UpstreamFailure(AccountError):
    """No usable answer came from the vendor. `may_have_arrived` tells whether the request can have had an effect."""

    may_have_arrived = True


class UpstreamForbidden(UpstreamFailure):
    """The address is not public, or not one that a request may go to."""

    may_have_arrived = False


class UpstreamUnreachable(UpstreamFailure):
    """No connection could be made, so that nothing was sent."""

    may_have_arrived = False


class UpstreamTimeout(UpstreamFailure):
    """The answer was not there, or not whole, within the time allowed."""


class UpstreamBroken(UpstreamFailure):
    """The connection ended before the answer did, or the answer's encoding cannot be read."""


class UpstreamTooLarge(UpstreamFailure):
    """The answer exceeds the size allowed, after decompression."""
