"""Eighty emails that belong to no case, and those that opened the newest cases."""

import random
from datetime import datetime, timedelta

from demo.account import SUPPORT_ADDRESS, Account
from demo.dataset.phrases import slots
from demo.dataset.stories import Mail, featured_mails, mails
from demo.records.email import Email

UNASSIGNED = 80
LINKED = 40
FIRST_ID = 70_001

Sent = list[tuple[datetime, str, Mail]]


def add_emails(account: Account, rng: random.Random) -> None:
    """Add the linked emails, then the unassigned ones, each in chronological order."""
    newest = sorted(account.cases, key=lambda case: case.id, reverse=True)
    for case in [case for case in newest if case.opened_by == "email"][:LINKED]:
        sender = case.contact.email_address if case.contact else ""
        _add(account, sender, Mail(case.summary, case.history[0].body), case.date_opened, case.id)
    anchor = account.clock.anchor
    told: Sent = [(anchor - timedelta(hours=mail.at), mail.sender, mail) for mail in featured_mails()]
    general = _general(account, UNASSIGNED - len(told), rng)
    for moment, sender, mail in sorted(told + general, key=lambda sent: sent[0]):
        _add(account, sender, mail, moment)


def _general(account: Account, count: int, rng: random.Random) -> Sent:
    """Yield emails from the contacts in turn, further apart the older they are."""
    sent: Sent = []
    contacts = [contact for contact in account.contacts if "@acmecorp.com" not in contact.email_address]
    rng.shuffle(contacts)
    for number in range(count):
        contact = contacts[number % len(contacts)]
        mail = mails()[number * 5 % len(mails())]
        words = slots(contact, rng)
        age = timedelta(seconds=int(3600 * (2.1 + 2.3 * number + 0.07 * number**2)))
        filled = Mail(mail.subject.format_map(words), mail.body.format_map(words))
        sent.append((account.clock.anchor - age, contact.email_address, filled))
    return sent


def _add(account: Account, sender: str, mail: Mail, moment: datetime, case_id: int | None = None) -> None:
    contact = account.find_contact_by_address(sender)
    account.emails.add(
        Email(
            id=max(FIRST_ID, account.emails.next_id()),
            sender=sender,
            to=SUPPORT_ADDRESS,
            subject=mail.subject,
            body=mail.body,
            date=moment,
            contact_id=contact.id if contact else None,
            case_id=case_id,
        )
    )
