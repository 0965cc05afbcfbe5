"""Support cases and their history."""

from dataclasses import dataclass, field
from datetime import datetime

import orjson

from demo.records.contact import Contact
from demo.references import case_reference, department_reference

STATUSES = ("new", "open", "closed")
ACTIVE_STATUSES = ("new", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened to a case; `type` is email, reply, note, status, assignment and so on."""

    id: int
    date: datetime
    type: str
    author: str
    body: str
    sender: str | None = None
    to: str | None = None
    subject: str | None = None
    html: str | None = None

    def summary(self) -> dict[str, object]:
        """Return the entry's fields; those that only some types have, if they are set."""
        shown: dict[str, object] = {
            "id": self.id,
            "date": self.date,
            "type": self.type,
            "author": self.author,
            "from": self.sender,
        }
        for name in ("to", "subject", "html"):
            value = getattr(self, name)
            if value is not None:
                shown[name] = value
        return shown | {"body": self.body}


@dataclass(slots=True, kw_only=True, eq=False)
class Case:
    """A support case. Every change ends in `add`, which stamps the dates and drops the serialised row."""

    id: int
    contact: Contact | None
    company_id: int | None
    summary: str
    details: str
    opened_by: int | str
    department_id: int
    date_opened: datetime
    date_updated: datetime
    rep_id: int | None = None
    status: str = "new"
    tags: list[int] = field(default_factory=list)
    is_archived: bool = False
    date_firstresponse: datetime | None = None
    date_lastresponse: datetime | None = None
    date_assigned: datetime | None = None
    date_closed: datetime | None = None
    date_rated: datetime | None = None
    date_requestedfeedback: datetime | None = None
    rating: int | None = None
    feedback: str | None = None
    asks_feedback: bool = True
    history: list[HistoryEntry] = field(default_factory=list)
    _row: bytes | None = field(default=None, init=False, repr=False)

    @property
    def reference(self) -> str:
        """The name of the case, such as CAS-89102."""
        return case_reference(self.id)

    def add(self, entry: HistoryEntry) -> None:
        """Add an entry to the history, with its effect on the dates of the case."""
        self.history.append(entry)
        self.date_updated = max(self.date_updated, entry.date)
        if entry.type == "reply":
            self.date_firstresponse = self.date_firstresponse or entry.date
            self.date_lastresponse = entry.date
        elif entry.type == "assignment":
            self.date_assigned = entry.date
        elif entry.type == "status":
            self.date_closed = entry.date if self.status == "closed" else None
        self._row = None

    def row(self) -> bytes:
        """Return the case as a serialised row of a list, computed once per change."""
        if self._row is None:
            self._row = orjson.dumps(self._fields())
        return self._row

    def detail(self) -> dict[str, object]:
        """Return the case's fields with details and history."""
        return self._fields() | {
            "details": self.details,
            "history": [entry.summary() for entry in self.history],
        }

    def _fields(self) -> dict[str, object]:
        return {
            "id": self.reference,
            "caseid": self.id,
            "casenum": self.id,
            "casenumber": str(self.id),
            "contactid": self.contact.id if self.contact else None,
            "contactUuid": self.contact.uuid if self.contact else None,
            "companyid": self.company_id,
            "summary": self.summary,
            "openedby": self.opened_by,
            "repid": self.rep_id,
            "departmentid": department_reference(self.department_id),
            "status": self.status,
            "tags": self.tags,
            "isArchived": self.is_archived,
            "date_opened": self.date_opened,
            "date_firstresponse": self.date_firstresponse,
            "date_lastresponse": self.date_lastresponse,
            "date_assigned": self.date_assigned,
            "date_closed": self.date_closed,
            "date_updated": self.date_updated,
            "date_rated": self.date_rated,
            "date_requestedfeedback": self.date_requestedfeedback,
            "rating": self.rating,
            "feedback": self.feedback,
        }
