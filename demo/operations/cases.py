"""v1/cases: list, get, create, update."""

from operator import attrgetter

from demo import casework
from demo.account import Account
from demo.errors import BadRequest
from demo.operations.case_filters import DATES, conditions
from demo.ordering import Keys, ordered
from demo.parameters import Parameters
from demo.records.case import STATUSES, Case
from demo.records.contact import Contact
from demo.records.organisation import CaseTag
from demo.routing import Route, RoutedRequest

ORDER: Keys[Case] = {
    "id": attrgetter("id"),
    "casenum": attrgetter("id"),
    "status": attrgetter("status"),
    "summary": attrgetter("summary"),
    "repid": attrgetter("rep_id"),
    "departmentid": attrgetter("department_id"),
    "date_lastresponse": attrgetter("date_lastresponse"),
    **DATES,
}


def list_cases(account: Account, call: RoutedRequest) -> bytes:
    """List cases without details and history, by default the newest first."""
    # Newest first: the default order has little left to sort, and equal moments stay newest first.
    cases = list(account.cases)[::-1]
    for condition in conditions(account, call.query):
        cases = [case for case in cases if condition(case)]
    cases = ordered(cases, call.query.text("orderby"), ORDER, "date_opened desc")
    return b"[" + b",".join([case.row() for case in call.query.page(cases)]) + b"]"


def get_case(account: Account, call: RoutedRequest) -> object:
    """Show a case with its details and history."""
    return account.cases.get(call.ids[0]).detail()


def create_case(account: Account, call: RoutedRequest) -> object:
    """Open a case."""
    form = call.form
    department = form.known("depid", account.departments.find)
    if department is None:
        raise BadRequest("depid", "this parameter is required.")
    summary, details = form.required("summary"), form.required("details")
    now = account.clock.now()
    contact = read_contact(account, form)
    rep = form.known("repid", account.find_rep)
    case = Case(
        id=account.cases.next_id(),
        contact=contact,
        company_id=form.known("companyid", account.find_company)
        or (account.company_id(contact.company) if contact else None),
        summary=summary,
        details=details,
        opened_by=_opener(account, form.required("openedby")),
        department_id=department.id,
        date_opened=form.moment("date_opened") or now,
        date_updated=now,
        rep_id=rep.rep_id if rep else None,
        status=form.choice("status", STATUSES) or "new",
        date_assigned=form.moment("date_assigned") or (now if rep else None),
        tags=[tag.id for tag in _tags(account, form.text("casetags"))],
    )
    case.date_closed = now if case.status == "closed" else None
    account.cases.add(case)
    account.log(case, "opened", details)
    return case.detail()


def update_case(account: Account, call: RoutedRequest) -> object:
    """Change what is given and leave the rest."""
    case = account.cases.get(call.ids[0])
    form = call.form
    # Everything is validated before anything changes, so a refused call leaves the case as it was.
    status = form.choice("status", STATUSES)
    rep = form.known("repid", account.find_rep)
    department = form.known("depid", account.departments.find)
    contact = read_contact(account, form)
    company = form.known("companyid", account.find_company)
    texts = form.only(("summary", "details"))
    for name, value in texts.items():
        setattr(case, name, value)
    if contact:
        casework.set_contact(account, case, contact)
    if company:
        case.company_id = company
    if texts or company:
        account.log(case, "edit", f"Changed {', '.join([*texts, *(['companyid'] if company else [])])}.")
    if department:
        casework.move(account, case, department)
    if rep:
        casework.assign(account, case, rep)
    if status:
        casework.set_status(account, case, status)
    return case.detail()


def read_contact(account: Account, form: Parameters) -> Contact | None:
    """Read a contact that is named by id or by UUID."""
    by_uuid = form.known("contactUuid", account.find_contact_by_uuid)
    return form.known("contactid", account.contacts.find) or by_uuid


def _opener(account: Account, text: str) -> int | str:
    """Read who opened the case: a rep by number, or the name of a source such as `phone`."""
    if not text.isdigit():
        return text
    rep = account.find_rep(text)
    if rep is None:
        raise BadRequest("openedby", "there is no rep with this repid.")
    return rep.rep_id


def _tags(account: Account, text: str | None) -> list[CaseTag]:
    """Read tags, separated by commas, each by its id or its name."""
    found: list[CaseTag] = []
    for one in text.split(",") if text else ():
        tag = account.find_tag(one)
        if tag is None:
            raise BadRequest("casetags", "there is no case tag with one of these ids or names.")
        if tag not in found:
            found.append(tag)
    return found


ROUTES = (
    Route("GET", "v1/cases", "cases", list_cases),
    Route("GET", "v1/cases/{id}", "cases", get_case),
    Route("POST", "v1/cases", "cases_create", create_case),
    Route("POST", "v1/cases/{id}", "cases_update", update_case),
)
