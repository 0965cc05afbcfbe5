"""The files inside records, as a definition says where they are: what is told of each instead of its address."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import Attachments
from accounts.texts.invisible import visible
from tools.calling.answers.files import OCTETS, file_name
from tools.member_paths import member_at

MAX_ID = 200
# RFC 6838, section 4.2.
MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")
# Enough to tell the files of a record apart.
DIGEST = 12


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a record. `size` is in bytes, None if the vendor does not tell it; `url` is the vendor's."""

    id: str
    name: str
    media_type: str
    size: int | None
    url: str = field(repr=False)

    @property
    def shown(self) -> dict[str, Any]:
        """What a model is told of it."""
        told = {"id": self.id, "name": self.name, "media_type": self.media_type, "bytes": self.size}
        return {name: value for name, value in told.items() if value is not None}

    def __str__(self) -> str:
        # Its name is the customer's, and quoted like all words of others.
        size = "" if self.size is None else f", {self.size:,} bytes"
        return f"{visible(self.id)} ({self.name!r}, {self.media_type}{size})"


def with_files_told(value: Any, declared: Attachments) -> Any:
    """Return a result in which each file is told by its id, name, media type and size."""
    if isinstance(value, list):
        return [with_files_told(item, declared) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: [_told(item, declared) for item in member]
        if name in declared.members and isinstance(member, list)
        else with_files_told(member, declared)
        for name, member in value.items()
    }


def _told(item: Any, declared: Attachments) -> Any:
    found = _read(item, declared)
    return found.shown if found else with_files_told(item, declared)


def files_in(value: Any, declared: Attachments) -> Iterator[Attachment]:
    """Yield the files of a record, or of a list of records, in their order."""
    if isinstance(value, list):
        for item in value:
            yield from files_in(item, declared)
    elif isinstance(value, dict):
        for name, member in value.items():
            items = member if name in declared.members and isinstance(member, list) else []
            yield from (found for item in items if (found := _read(item, declared)))
            yield from files_in(member, declared)


def _read(item: Any, declared: Attachments) -> Attachment | None:
    """Return a file; None for an item without an address."""
    url = member_at(item, declared.url.split("."))
    if not isinstance(url, str) or not url:
        return None
    own = member_at(item, declared.id.split(".")) if declared.id else None
    size = member_at(item, declared.size.split("."))
    name = file_name(member_at(item, declared.name.split(".")))
    return Attachment(
        id=_id_of(url, name) if own is None or isinstance(own, dict | list) else str(own)[:MAX_ID],
        name=name,
        media_type=_media_type(member_at(item, declared.media_type.split("."))),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        url=url,
    )


def _id_of(url: str, name: str) -> str:
    """Return an id that stays the same while path and name do: host and query may be others each time.

    Some vendors have one path for all files, which only the query tells apart.
    """
    path = url.partition("?")[0].partition("://")[2].partition("/")[2]
    return hashlib.sha256(f"{path}\0{name}".encode("utf-8", "replace")).hexdigest()[:DIGEST]


def _media_type(told: Any) -> str:
    """Return a declared media type in lower case, without parameters."""
    plain = told.partition(";")[0].strip().lower() if isinstance(told, str) else ""
    return plain if MEDIA_TYPE.fullmatch(plain) else OCTETS
