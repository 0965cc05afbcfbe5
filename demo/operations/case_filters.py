"""The filters of GET v1/cases, as conditions that a case meets or not."""

from collections.abc import Callable, Iterator
from datetime import datetime
from operator import attrgetter

from demo.account import Account
from demo.parameters import Parameters
from demo.records.case import ACTIVE_STATUSES, STATUSES, Case
from demo.references import parse_reference

Condition = Callable[[Case], bool]

DATES: dict[str, Callable[[Case], datetime | None]] = {
    name: attrgetter(name)
    for name in ("date_opened", "date_closed", "date_updated", "date_assigned", "date_firstresponse")
}


def conditions(account: Account, query: Parameters) -> list[Condition]:
    """Parse the filters of the query. Raises BadRequest for an invalid one."""
    if not query:
        return []
    return [*_of_people(account, query), *_of_staff(account, query), *_of_texts(query), *_of_dates(query)]


def _of_people(account: Account, query: Parameters) -> Iterator[Condition]:
    # An unknown contact is not an error here: the filter finds nothing, as a search does.
    if contact_id := query.text("contactid"):
        number = parse_reference(contact_id)
        yield lambda case: case.contact is not None and case.contact.id == number
    if uuid := query.text("contactUuid"):
        yield lambda case: case.contact is not None and case.contact.uuid == uuid.lower()
    if company_id := query.text("companyid"):
        company = parse_reference(company_id)
        yield lambda case: case.company_id is not None and case.company_id == company
    if email := query.text("email"):
        yield lambda case: case.contact is not None and case.contact.has_address(email)
    if sender := query.text("from"):
        yield lambda case: case.contact is not None and _is_from(case, sender)


def _is_from(case: Case, text: str) -> bool:
    contact = case.contact
    return contact is not None and text.casefold() in f"{contact.name} <{contact.email_address}>".casefold()


def _of_staff(account: Account, query: Parameters) -> Iterator[Condition]:
    if department := query.known("depid", account.departments.find):
        yield lambda case: case.department_id == department.id
    if rep := query.known("repid", account.find_rep):
        yield lambda case: case.rep_id == rep.rep_id
    if creator := query.known("createdByRep", account.find_rep):
        yield lambda case: case.opened_by == creator.rep_id


def _of_texts(query: Parameters) -> Iterator[Condition]:
    if subject := query.text("subject"):
        yield lambda case: subject.casefold() in case.summary.casefold()
    if status := query.choice("status", (*STATUSES, "active")):
        wanted = ACTIVE_STATUSES if status == "active" else (status,)
        yield lambda case: case.status in wanted


def _of_dates(query: Parameters) -> Iterator[Condition]:
    for name, date_of in DATES.items():
        if window := query.window(name):
            # Bound as defaults, since the loop variables change before the condition is evaluated.
            yield lambda case, window=window, date_of=date_of: window.holds(date_of(case))  # type: ignore[misc]
