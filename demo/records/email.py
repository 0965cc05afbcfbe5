"""Mail, linked to a case or to none."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Email:
    """An email; its body may be HTML, as in real mail."""

    id: int
    sender: str
    to: str
    subject: str
    body: str
    date: datetime
    contact_id: int | None = None
    case_id: int | None = None

    def summary(self, body_limit: int | None = None) -> dict[str, object]:
        """Return the email's fields, with at most `body_limit` characters of its body."""
        return {
            "id": self.id,
            "from": self.sender,
            "to": self.to,
            "subject": self.subject,
            "body": self.body[:body_limit],
            "date": self.date,
            "contactid": self.contact_id,
            "caseid": self.case_id,
        }
