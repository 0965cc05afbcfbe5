"""The simulated FuseDesk account: all of its records, in memory."""

from demo.clock import Clock
from demo.collection import Collection
from demo.records.case import Case, HistoryEntry
from demo.records.chat import Chat
from demo.records.contact import Contact
from demo.records.email import Email
from demo.records.organisation import CaseTag, Department, Rep, Webhook
from demo.references import CASE, CHAT, DEPARTMENT, parse_reference

SUPPORT_ADDRESS = "support@tidewater.example"


class Account:
    """The records of one account, and the look-ups that need more than an id."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.cases: Collection[Case] = Collection("case", CASE)
        self.chats: Collection[Chat] = Collection("chat", CHAT)
        self.emails: Collection[Email] = Collection("email")
        self.contacts: Collection[Contact] = Collection("contact")
        self.departments: Collection[Department] = Collection("department", DEPARTMENT)
        self.reps: Collection[Rep] = Collection("rep")
        self.tags: Collection[CaseTag] = Collection("case tag")
        self.webhooks: Collection[Webhook] = Collection("webhook")
        self._companies: dict[str, int] = {}
        self._history_id = 500_000

    def company_id(self, name: str) -> int | None:
        """Return the id of the company with this name; a new name gets the next id."""
        if not name:
            return None
        return self._companies.setdefault(name, 701 + len(self._companies))

    def find_company(self, text: str) -> int | None:
        """Return the id of a company that a contact belongs to."""
        number = parse_reference(text)
        return number if number in self._companies.values() else None

    def find_contact_by_uuid(self, uuid: str) -> Contact | None:
        """Return the contact that a case or chat refers to by UUID."""
        return next((contact for contact in self.contacts if contact.uuid == uuid.lower()), None)

    def find_contact_by_address(self, address: str) -> Contact | None:
        """Return a contact by any of its three addresses."""
        return next((contact for contact in self.contacts if contact.has_address(address)), None)

    def find_rep(self, text: str) -> Rep | None:
        """Return a rep by the id that cases refer to (`repid`), which is not the user's id."""
        number = parse_reference(text)
        return next((rep for rep in self.reps if rep.rep_id == number), None)

    def reps_of(self, department_id: int) -> list[Rep]:
        """Return the active reps whose default department this is."""
        return [rep for rep in self.reps if rep.active and rep.default_department_id == department_id]

    def find_tag(self, text: str) -> CaseTag | None:
        """Return a tag by its id or its name."""
        named = (tag for tag in self.tags if tag.name.casefold() == text.strip().casefold())
        return self.tags.find(text) or next(named, None)

    def next_history_id(self) -> int:
        """Return the next number of a history entry; numbers are shared by all cases."""
        self._history_id += 1
        return self._history_id

    def log(
        self,
        case: Case,
        kind: str,
        body: str,
        *,
        author: str = "API",
        sender: str | None = None,
        to: str | None = None,
        subject: str | None = None,
        html: str | None = None,
    ) -> None:
        """Add an entry for the present moment to a case's history."""
        entry = HistoryEntry(
            id=self.next_history_id(),
            date=self.clock.now(),
            type=kind,
            author=author,
            body=body,
            sender=sender,
            to=to,
            subject=subject,
            html=html,
        )
        case.add(entry)
