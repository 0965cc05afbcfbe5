"""Departments, reps, tags, contacts and a webhook."""

from datetime import timedelta

from demo.account import Account
from demo.dataset.stories import people
from demo.records.contact import Contact
from demo.records.organisation import CaseTag, Department, Rep, Webhook

FIRST_CONTACT_ID = 4001


def add_people(account: Account) -> None:
    """Add the records that cases, chats and emails refer to."""
    _add_staff(account)
    for company in people().companies:
        for person in company["people"]:
            _add_contact(account, company, person)
    account.webhooks.add(
        Webhook(id=1, object_type="case", action="opened", url="https://hooks.tidewater.example/fusedesk/cases")
    )


def _add_staff(account: Account) -> None:
    for user_id, rep_id, first, last, username, department, active in people().reps:
        account.reps.add(
            Rep(
                id=user_id,
                rep_id=rep_id,
                first_name=first,
                last_name=last,
                username=username,
                default_department_id=department,
                active=active,
            )
        )
    for is_archived, rows in ((False, people().departments), (True, people().archived_departments)):
        for number, name, warning in rows:
            members = [rep.id for rep in account.reps if rep.default_department_id == number]
            account.departments.add(
                Department(
                    id=number,
                    name=name,
                    rep_user_ids=members,
                    stale_warning=warning,
                    is_archived=is_archived,
                )
            )
    for number, name, hidden in people().tags:
        account.tags.add(CaseTag(id=number, name=name, hidden=hidden))


def _add_contact(account: Account, company: dict[str, str], person: tuple[str, str, str, str]) -> None:
    first, last, mailbox, phone = person
    count = len(account.contacts)
    created = account.clock.anchor - timedelta(days=700 - 9 * count, hours=count % 11)
    account.company_id(company["name"])
    account.contacts.add(
        Contact(
            id=FIRST_CONTACT_ID + count,
            date_created=created,
            date_updated=created + timedelta(days=20 + count % 60),
            first_name=first,
            last_name=last,
            email_address=f"{mailbox}@{company['domain']}",
            company=company["name"],
            phone1=phone,
            time_zone=company["zone"],
            website=f"https://www.{company['domain']}" if company["name"] else "",
            crm_id=88_000 + 7 * count,
        )
    )
