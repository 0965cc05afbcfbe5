"""How an account's credentials go on a request to its vendor: one class a kind, chosen by the definition.

Credentials are put on last, after everything a caller has a say in, and never appear in `repr`.
"""

from dataclasses import dataclass, field
from typing import Protocol

from accounts.definition import PLACEHOLDER, ApiKeyAuthentication, Authentication

# A shorter text may stand in any sentence by chance.
SHORTEST_SECRET = 6


class VendorAuthentication(Protocol):
    """Put credentials on a request's headers."""

    def apply(self, headers: dict[str, str]) -> None:
        """Add to the headers, replacing what stands there under the same name."""

    def conceal(self, text: str) -> str:
        """Take the credentials out of a text, such as an error in which a vendor repeats them."""


@dataclass(frozen=True)
class HeaderKey:
    """An API key in one header."""

    header: str
    value: str = field(repr=False)

    def apply(self, headers: dict[str, str]) -> None:
        """Set the header."""
        headers[self.header] = self.value

    def conceal(self, text: str) -> str:
        """Take the key out, and its last word, where the header holds more than the key."""
        for secret in (self.value, self.value.rpartition(" ")[2]):
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, "•••")
        return text


def vendor_authentication(declared: Authentication, fields: dict[str, str]) -> VendorAuthentication:
    """Return what puts these connection fields on requests, as the definition declares."""
    match declared:
        case ApiKeyAuthentication():
            return HeaderKey(declared.header, fill(declared.value, fields))


def fill(template: str, fields: dict[str, str]) -> str:
    """Replace each `{placeholder}` of a template by the connection field of that name."""
    return PLACEHOLDER.sub(lambda found: fields.get(found.group(1), ""), template)
