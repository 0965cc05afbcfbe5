"""What can go wrong when a tool is called.

ToolError
├── UnknownTool            no such tool for this caller
├── FilterUnknown          a method or tag filter names what does not exist
├── BundleInvalid          a bundle file is invalid
├── LossUnconfirmed        a load would take live tools away, and nobody has agreed to that
├── WriteForbidden         a person whose role only reads tries a tool that writes
├── WriteUnconfirmed       a person tries a tool that writes, and has not confirmed that
└── CallFailed             the call has no result; says whether to try again
    ├── InvalidArguments       the arguments do not fit the tool; nothing was sent
    ├── AttachmentUnknown      the record has no such file
    ├── RateLimited            the vendor's limit is reached: it answered 429, or 403 with a wait or no calls left
    ├── VendorRefused          the vendor answered with another error
    ├── VendorUnreachable      no answer came
    ├── NotSent                nothing was sent; a later call may be
    │   ├── VendorDown             the vendor did not answer, and is not called for a while
    │   ├── AccountBusy            the account has its maximum of calls under way
    │   ├── NotNoted               the write could not be noted in the record of calls in time
    │   └── ClientGone             nobody waits for the write's answer any more
    ├── AnswerUnusable         the answer cannot be used
    └── AccountUnusable        the account cannot be called in its present state
        └── CredentialsRefused     the vendor refuses its credentials, of the call and of the connection test
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from accounts.texts.counting import counted
from tools.ratelimits import RateLimits


class ToolError(Exception):
    """Anything that this app refuses."""


@dataclass
class UnknownTool(ToolError):
    """The caller has no tool of this name; `nearest` is the most similar name that it has, or empty."""

    name: str
    nearest: str = ""


@dataclass
class FilterUnknown(ToolError):
    """A filter names a method, tag or tool that the account does not have; `known` is what it has."""

    filter: str
    value: str
    known: list[str]

    def __str__(self) -> str:
        there_are = ", ".join(self.known) or "none"
        return f"{self.value[:64]!r} is not one of this account's {self.filter}. It has: {there_are}."


MAX_PROBLEMS = 100


def first_problems(problems: Iterable[str]) -> list[str]:
    """Return the first MAX_PROBLEMS problems of a file, with a remark if there are more; these are not searched for."""
    found = list(islice(problems, MAX_PROBLEMS + 1))
    return found if len(found) <= MAX_PROBLEMS else [*found[:-1], "There are more problems: fix these first."]


@dataclass
class BundleInvalid(ToolError):
    """A bundle's problems, one sentence each."""

    problems: list[str]

    def __str__(self) -> str:
        return "\n".join(self.problems)


MAX_NAMED = 20


@dataclass
class LossUnconfirmed(ToolError):
    """The live tools that a load would take away, by `resource.method`, each with the reason."""

    lost: dict[str, str]

    def __str__(self) -> str:
        named = [f"  {key}: {reason}" for key, reason in [*self.lost.items()][:MAX_NAMED]]
        more = [f"  and {len(self.lost) - MAX_NAMED} more."] if len(self.lost) > MAX_NAMED else []
        return "\n".join([f"It would take {counted(len(self.lost), 'live tool')} away:", *named, *more])


@dataclass
class WriteForbidden(ToolError):
    """The person's role in `environment` only reads."""

    environment: str

    def __str__(self) -> str:
        return (
            f"This tool writes, and your role in {self.environment} only reads. "
            "Ask an admin of the environment for the role operator."
        )


class WriteUnconfirmed(ToolError):
    """The person has not confirmed yet that the tool may write."""


@dataclass
class CallFailed(ToolError):
    """A call without a result: what failed, in one sentence without secrets.

    `retry_after` is the seconds to wait, if known. `may_have_arrived` says whether the request may have had an effect
    nonetheless, `worth_repeating` whether it may succeed later.
    """

    reason: str
    status: int | None = None
    limits: RateLimits = field(default_factory=RateLimits)
    retry_after: int | None = None
    may_have_arrived: bool = False
    timed_out: bool = False
    worth_repeating: bool = True

    def __str__(self) -> str:
        return self.reason


@dataclass
class InvalidArguments(CallFailed):
    """The arguments do not fit the tool; each problem names the argument and what it takes."""

    problems: list[str] = field(default_factory=list)


class AttachmentUnknown(CallFailed):
    """The record has no file of this id; the reason says which it has."""


@dataclass
class RateLimited(CallFailed):
    """The vendor's limit is reached; `limits.reset` is the seconds to wait, if known, and `words` are its own."""

    words: str = ""


@dataclass
class VendorRefused(CallFailed):
    """The vendor answered with an error; `words` and `code` are its own, and may be empty.

    `credentials_work` says that the vendor's connection test accepts what this call was refused with.
    """

    words: str = ""
    code: str = ""
    credentials_work: bool = False


class VendorUnreachable(CallFailed):
    """No answer came, or no access token could be obtained for the call."""


@dataclass
class NotSent(CallFailed):
    """Nothing was sent; `retry_after` is the seconds to wait before the call is made again."""

    retry_after: int = 1


class VendorDown(NotSent):
    """The vendor did not answer several times in a row, and is not called for a while."""


class AccountBusy(NotSent):
    """The account has its maximum of calls under way, and no turn came in time."""


class NotNoted(NotSent):
    """The write could not be noted in the record of calls in time, and none is sent without."""


class ClientGone(NotSent):
    """The client went away before the write was sent."""


@dataclass
class AnswerUnusable(CallFailed):
    """The answer is not what the API gives: not JSON, too large, a redirect."""

    may_have_arrived: bool = True


class AccountUnusable(CallFailed):
    """The account's credentials cannot be used, or it is disabled."""


@dataclass
class CredentialsRefused(AccountUnusable):
    """The vendor refuses the account's credentials; `words` are its own, and may be empty."""

    words: str = ""
