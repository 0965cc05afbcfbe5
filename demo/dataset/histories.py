"""Writing a case's history at moments in the past."""

from datetime import datetime, timedelta

from demo.account import SUPPORT_ADDRESS, Account
from demo.records.case import Case, HistoryEntry
from demo.records.organisation import Rep

# Entries that the customer wrote; the others come from the rep or, about a case itself, from the system.
FROM_CUSTOMER = ("email", "webform", "chat")
FROM_REP = ("reply", "note")


class History:
    """Write into the history of one case, as the customer, the rep and the system did."""

    def __init__(self, account: Account, case: Case, rep: Rep) -> None:
        self._account = account
        self.case = case
        self.rep = rep

    def write(self, kind: str, body: str, moment: datetime) -> None:
        """Write an entry; its type tells who wrote it."""
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
        """Let the customer answer the request for feedback, if there has been time for it since the end."""
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
