"""For whom a vendor is called."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that a request is sent for, and its environment."""

    environment_id: UUID
    account_id: UUID
