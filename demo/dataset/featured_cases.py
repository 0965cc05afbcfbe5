"""The cases that are written out in full."""

from datetime import timedelta

from demo.account import Account
from demo.dataset.histories import History
from demo.dataset.stories import FeaturedCase
from demo.records.case import Case


def add_featured_case(account: Account, told: FeaturedCase, number: int) -> None:
    """Add one case as written. Raises LookupError if it names somebody unknown."""
    contact = account.find_contact_by_address(told.email)
    rep = account.find_rep(str(told.repid))
    tags = [account.find_tag(name) for name in told.tags]
    if contact is None or rep is None:
        raise LookupError(f"the featured case {told.summary!r} names somebody unknown")
    anchor = account.clock.anchor
    opened = anchor - timedelta(hours=told.steps[0].at)
    case = Case(
        id=number,
        contact=contact,
        company_id=account.company_id(contact.company),
        summary=told.summary,
        details=told.steps[0].body,
        opened_by=told.opened_by,
        department_id=told.department,
        date_opened=opened,
        date_updated=opened,
        date_assigned=opened + timedelta(minutes=12),
        rep_id=told.repid,
        status=told.status,
        tags=[tag.id for tag in tags if tag],
    )
    history = History(account, case, rep)
    for step in told.steps:
        history.write(step.type, step.body, anchor - timedelta(hours=step.at))
    if told.rating:
        history.rate(told.rating, told.feedback)
    account.cases.add(case)
