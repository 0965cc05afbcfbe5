"""v1/cases/update: the same change to many cases, with its parameters in the query."""

from demo import casework
from demo.account import Account
from demo.errors import BadRequest
from demo.records.case import STATUSES, Case
from demo.routing import Route, RoutedRequest


def update_cases(account: Account, call: RoutedRequest) -> object:
    """Change every named case or, if one parameter is wrong, none of them."""
    query = call.query
    cases = _named_cases(account, query.required("caseids"))
    status = query.choice("status", STATUSES)
    rep = query.known("repid", account.find_rep)
    department = query.known("depid", account.departments.find)
    tag = query.known("tagid", account.tags.find)
    until = query.moment("snooze")
    merges = query.flag("merge")
    if until and until <= account.clock.now():
        raise BadRequest("snooze", "a case is snoozed until a moment in the future.")
    if merges and len(cases) < 2:
        raise BadRequest("caseids", "merging needs at least two cases.")
    for case in cases:
        if department:
            casework.move(account, case, department)
        if rep:
            casework.assign(account, case, rep)
        if tag:
            casework.tag(account, case, tag)
        if until:
            casework.snooze(account, case, until, "snooze")
        for name, value in query.only(("crmTagId", "crmAutomationId")).items():
            account.log(case, "crm", f"Sent {name} {value} to the CRM.")
        if status:
            casework.set_status(account, case, status)
    if merges:
        casework.merge(account, cases[0], cases[1:])
    return {
        "updated": [case.reference for case in cases],
        "mergedinto": cases[0].reference if merges else None,
    }


def _named_cases(account: Account, text: str) -> list[Case]:
    cases: list[Case] = []
    for one in text.split(","):
        case = account.cases.find(one)
        if case is None:
            raise BadRequest("caseids", "there is no case with one of these ids.")
        if case not in cases:
            cases.append(case)
    return cases


ROUTES = (Route("POST", "v1/cases/update", "cases_update", update_cases),)
