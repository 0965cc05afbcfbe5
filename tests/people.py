"""The people of a permission test."""

from dataclasses import dataclass

from accounts.models import Environment, User


@dataclass(frozen=True)
class People:
    """Who owns, who operates, who views, and a second environment that only the outsider belongs to."""

    owner: User
    operator: User
    teammate: User
    outsider: User
    elsewhere: Environment
