"""What the readers of DATABASE_URL share: its form in words, and the limits that it is given."""

from dataclasses import dataclass

TAKES = (
    "DATABASE_URL cannot be read; it takes postgresql://user:password@host:5432/name?sslmode=require, in which a "
    "password's own characters such as / ? # @ and % are percent-encoded."
)


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """How many seconds to wait for a connection, and for a peer that acknowledges nothing."""

    connect: int
    silence: int
