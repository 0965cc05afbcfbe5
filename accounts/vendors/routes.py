"""Routes of secrets (which one, in which part of a request, to which address), and the moves between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from accounts.definition import PLACEHOLDER
from accounts.models import IntegratedAccount
from accounts.vendors.addresses import DEFAULT_PORTS, origin
from accounts.vendors.authentication import fill

Place = Literal["header", "query", "body", "address", "page"]


@dataclass(frozen=True, order=True, slots=True)
class SecretRoute:
    """One secret's place in requests and its destination, as `destination_of` returns it: without secrets."""

    secret: str
    place: Place
    destination: str


@dataclass(frozen=True, slots=True)
class Move:
    """The addresses that secrets were given for, and those where they would go; `source` is empty if unknown."""

    source: str
    target: str

    def __str__(self) -> str:
        given = f"were given for {self.source}" if self.source else "were given for an unknown address"
        return f"the stored secrets {given} and would go to {self.target} now"

    @property
    def details(self) -> dict[str, str]:
        """The move's details for the audit record."""
        return {"from": self.source, "to": self.target}


def move_between(approved: frozenset[SecretRoute], wanted: frozenset[SecretRoute]) -> Move | None:
    """Return the move that takes secrets off their approved routes; None if they stay on them."""
    new = wanted - approved
    if not new:
        return None
    known, targets = _destinations(approved), _destinations(new)
    if targets <= known:
        return Move(_with_places(approved - wanted or approved), _with_places(new))
    left = known - _destinations(wanted)
    return Move(", ".join(sorted(left or known)), ", ".join(sorted(targets - known)))


def destination_of(address: str, template: str, fields: dict[str, str]) -> str:
    """Return the destination of an address: its origin, and its path too if connection fields determine it.

    On a host that many customers share, the path says whose system it is. `template` is the definition's address.
    """
    scheme, host, port = origin(address)
    written = f"[{host}]" if ":" in host else host
    place = f"{scheme}://{written}" + ("" if port == DEFAULT_PORTS.get(scheme) else f":{port}")
    authority, _, rest = template.partition("://")[2].partition("/")
    if PLACEHOLDER.search(rest) or "/" in fill(authority, fields):
        path = address.partition("://")[2].partition("/")[2].rstrip("/")
        return f"{place}/{path}" if path else place
    return place


def _destinations(routes: Iterable[SecretRoute]) -> set[str]:
    return {route.destination for route in routes}


def _with_places(routes: Iterable[SecretRoute]) -> str:
    return ", ".join(sorted({f"{route.destination} ({route.secret} in the {route.place})" for route in routes}))


def approved_routes(account: IntegratedAccount) -> frozenset[SecretRoute]:
    """Return the routes that an account's secrets were given for."""
    return frozenset(SecretRoute(*stored) for stored in account.approved_routes)


def approve(account: IntegratedAccount, routes: frozenset[SecretRoute]) -> None:
    """Set the routes that secrets were just given for (not saved)."""
    account.approved_routes = [[route.secret, route.place, route.destination] for route in sorted(routes)]
