"""Writing a case's history at moments in the past."""

from datetime import datetime, timedelta

from demo.account import SUPPORT_ADDRESS, Account
from demo.records.case import Case, HistoryEntry
from demo.records.organisation import Rep

# Entries that the customer wrote; the others come from the rep or, about a case itself, from the system.
FROM_CUSTOMER = ("email", "webform", "chat")
FROM_REP = ("reply", "note")


class History:
    """Writes entries of one case's history as the customer, the rep or the system."""

    def __init__(self, account: Account, case: Case, rep: Rep) -> None:
        self._account = account
        self.case = case
        self.rep = rep

    def write(self, kind: str, body: str, moment: datetime) -> None:
        """Add an entry, whose type determines its author."""
        author, sender = self._writer(kind)
        entry = HistoryEntry(
            id=self._account.next_history_id(),
            date=moment.replace(microsecond=0),
            type=kind,
            author=author,
            sender=sender,
            subject=self.case.summary if kind in ("email", "reply") else None,
            body=body,
        )
        self.case.add(entry)

    def rate(self, rating: int, feedback: str | None) -> None:
        """Add the customer's feedback, if enough time has passed since the case was closed."""
        closed = self.case.date_closed
        if closed is None or closed + timedelta(hours=26) > self._account.clock.anchor:
            return
        self.case.date_requestedfeedback = closed + timedelta(hours=2)
        self.case.date_rated = closed + timedelta(hours=26)
        self.case.rating, self.case.feedback = rating, feedback

    def _writer(self, kind: str) -> tuple[str, str | None]:
        contact = self.case.contact
        if kind in FROM_CUSTOMER and contact is not None:
            return contact.name, contact.email_address
        if kind in FROM_REP:
            return self.rep.name, SUPPORT_ADDRESS if kind == "reply" else self.rep.email_address
        return "FuseDesk", None
