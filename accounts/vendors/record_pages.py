"""The pages of an account's records in the vendor's own UI: addresses for people, to which nothing is ever sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from accounts.definition import PLACEHOLDER, Definition

# The host of an address that has been filled in (RFC 1123, section 2.1).
HOST = re.compile(r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[/?#]|$)")
MOST_OF_VALUE = 200


@dataclass(frozen=True, slots=True)
class RecordPage:
    """The address of a kind of record's page: what stands before and behind the value of one member."""

    before: str
    member: str
    after: str

    def address(self, value: Any) -> str | None:
        """Return the address for the member's value; None for a value that is none of an id."""
        quoted = _quoted(value)
        return f"{self.before}{quoted}{self.after}" if quoted else None


@dataclass(frozen=True)
class RecordPages:
    """The pages of an account's records, by resource. `app` is where people use the vendor's product, or empty."""

    by_resource: Mapping[str, RecordPage] = field(default_factory=dict)
    app: str = ""

    def url_of(self, resource: str, record: Mapping[str, Any]) -> str:
        """Return the address of a record's page; empty if it has none."""
        page = self.by_resource.get(resource)
        return (page.address(record.get(page.member)) or "") if page else ""


NO_PAGES = RecordPages()


def record_pages(definition: Definition, fields: Mapping[str, str]) -> RecordPages:
    """Return the pages of an account with these connection fields, secret ones left out."""
    named = {each.name for each in definition.connection_fields} - definition.secret_fields
    known = {name: _quoted(fields.get(name)) for name in named}
    declared = {name: held.record_url for name, held in definition.resources.items() if held.record_url}
    filled = {name: _filled(template, known) for name, template in declared.items()}
    pages = {name: _page(template) for name, template in filled.items() if template}
    return RecordPages(pages, _filled(definition.app_url or "", known))


def _page(template: str) -> RecordPage:
    before, member, after = PLACEHOLDER.split(template)
    return RecordPage(before, member, after)


def _filled(template: str, fields: Mapping[str, str]) -> str:
    """Fill in connection fields, and leave members; return nothing where a field has no value, or is no host."""
    used = [name for name in PLACEHOLDER.findall(template) if name in fields]
    if not all(fields[name] for name in used):
        return ""
    address = PLACEHOLDER.sub(lambda found: fields.get(found[1], found[0]), template)
    return address if HOST.match(address) else ""


def _quoted(value: Any) -> str:
    """Return a text or number as one part of an address; empty for anything else."""
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        return ""
    text = str(value)
    if len(text) <= MOST_OF_VALUE and text.isascii() and text.isalnum():
        return text  # as most ids are
    # A segment of dots would lead to another page (RFC 3986, section 5.2.4).
    return quote(text, safe="", errors="replace") if len(text) <= MOST_OF_VALUE and text.strip(".") else ""
