"""What goes with a request to the era that answers it, and what comes back."""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from mcpservers.replies import Headers
from mcpservers.resolution import ResolvedServer
from tools.ratelimits import RateLimits

NOTHING_TOLD = RateLimits()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Which server a request is for, who sent it, and the most characters of its result."""

    server: ResolvedServer
    headers: Headers
    budget: int
    token_id: UUID | None = None
    request_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The serialised result of a method, and the vendor's limits where it was asked."""

    body: bytes
    limits: RateLimits = NOTHING_TOLD


class Manner(Enum):
    """How the answer to a request is sent: whole, as a stream once it takes long, or as a stream that stays open."""

    WHOLE = auto()
    LONG = auto()
    STREAM = auto()
