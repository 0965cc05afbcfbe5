"""Changes to a case, each recorded in its history."""

from datetime import datetime

from demo.account import SUPPORT_ADDRESS, Account
from demo.errors import BadRequest
from demo.records.case import Case, HistoryEntry
from demo.records.contact import Contact
from demo.records.email import Email
from demo.records.organisation import CaseTag, Department, Rep


def set_status(account: Account, case: Case, status: str) -> None:
    """Change the status, unless the case has it already."""
    if status == case.status:
        return
    before, case.status = case.status, status
    account.log(case, "status", f"Status changed from {before} to {status}.")


def assign(account: Account, case: Case, rep: Rep) -> None:
    """Assign the case to a rep."""
    case.rep_id = rep.rep_id
    account.log(case, "assignment", f"Assigned to {rep.name}.")


def move(account: Account, case: Case, department: Department) -> None:
    """Move the case to a department."""
    case.department_id = department.id
    account.log(case, "department", f"Moved to {department.name}.")


def set_contact(account: Account, case: Case, contact: Contact) -> None:
    """Link the case to a contact and to that contact's company."""
    case.contact = contact
    case.company_id = account.company_id(contact.company)
    account.log(case, "contact", f"Contact changed to {contact.name}.")


def tag(account: Account, case: Case, one: CaseTag) -> None:
    """Put a tag on the case; a second time changes nothing."""
    if one.id not in case.tags:
        case.tags.append(one.id)
        account.log(case, "tag", f"Tagged {one.name}.")


def untag(account: Account, case: Case, one: CaseTag) -> None:
    """Take a tag off the case, if it is there."""
    if one.id in case.tags:
        case.tags.remove(one.id)
        account.log(case, "tag", f"Removed the tag {one.name}.")


def snooze(account: Account, case: Case, until: datetime, field: str) -> None:
    """Snooze the case. Raises BadRequest for a time that has passed."""
    if until <= account.clock.now():
        raise BadRequest(field, "a case is snoozed until a moment in the future.")
    account.log(case, "snooze", f"Snoozed until {until.isoformat()}.")


def reply(account: Account, case: Case, body: str, addresses: dict[str, str], html: str | None) -> None:
    """Send an email to the customer, or to the given addresses, and open a new case."""
    to = addresses.get("to") or (case.contact.email_address if case.contact else "")
    if not to:
        raise BadRequest("to", "this case has no contact with an address to reply to.")
    sender = addresses.get("from") or SUPPORT_ADDRESS
    rep = account.find_rep(str(case.rep_id))
    copies = "".join(f", {name}: {addresses[name]}" for name in ("cc", "bcc") if name in addresses)
    subject = f"Re: {case.summary} [{case.reference}]"
    account.log(
        case,
        "reply",
        body,
        author=rep.name if rep else "API",
        sender=sender,
        to=to + copies,
        subject=subject,
        html=html,
    )
    account.emails.add(
        Email(
            id=account.emails.next_id(),
            sender=sender,
            to=to + copies,
            subject=subject,
            body=html or body,
            date=account.clock.now(),
            contact_id=case.contact.id if case.contact else None,
            case_id=case.id,
        )
    )
    if case.status == "new":
        set_status(account, case, "open")


def merge(account: Account, target: Case, others: list[Case]) -> None:
    """Move the history of the others into the target and archive them, irreversibly."""
    for other in others:
        moved: list[HistoryEntry] = list(other.history)
        target.history = sorted(target.history + moved, key=lambda entry: (entry.date, entry.id))
        account.log(target, "merge", f"Merged {other.reference} into this case.")
        set_status(account, other, "closed")
        other.is_archived = True
        account.log(other, "merge", f"Merged into {target.reference}.")
