"""v1/cases/{id}/…: notes, replies, snoozing, tags and feedback."""

from demo import casework
from demo.account import Account
from demo.errors import BadRequest
from demo.records.case import STATUSES, Case
from demo.routing import Route, RoutedRequest


def add_note(account: Account, call: RoutedRequest) -> object:
    """Write a note and, in the same step, assign the case or change its status."""
    case = account.cases.get(call.ids[0])
    form = call.form
    note = form.required("note")
    status = form.choice("status", STATUSES)
    rep = form.known("repid", account.find_rep)
    title = " ".join(part for part in (form.text("title"), _template(call)) if part)
    account.log(case, form.text("type") or "note", note, subject=title or None)
    if rep:
        casework.assign(account, case, rep)
    if status:
        casework.set_status(account, case, status)
    return case.detail()


def reply(account: Account, call: RoutedRequest) -> object:
    """Email the customer."""
    case = account.cases.get(call.ids[0])
    addresses = call.form.only(("to", "cc", "bcc", "from"))
    casework.reply(account, case, call.form.required("body"), addresses, call.form.text("html"))
    if template := _template(call):
        account.log(case, "template", f"The reply was written with a template {template}.")
    return case.detail()


def _template(call: RoutedRequest) -> str:
    template = call.form.text("templateid")
    return f"(template {template})" if template else ""


def snooze(account: Account, call: RoutedRequest) -> object:
    """Snooze the case until a moment in the future."""
    case = account.cases.get(call.ids[0])
    call.form.required("until")
    if until := call.form.moment("until"):
        casework.snooze(account, case, until, "until")
    return case.detail()


def tag(account: Account, call: RoutedRequest) -> object:
    """Put a tag on the case."""
    case = account.cases.get(call.ids[0])
    casework.tag(account, case, account.tags.get(call.ids[1]))
    return case.detail()


def untag(account: Account, call: RoutedRequest) -> object:
    """Take a tag off the case."""
    case = account.cases.get(call.ids[0])
    casework.untag(account, case, account.tags.get(call.ids[1]))
    return case.detail()


def get_feedback(account: Account, call: RoutedRequest) -> object:
    """Return the request for feedback and the customer's answer."""
    return _feedback(account.cases.get(call.ids[0]))


def request_feedback(account: Account, call: RoutedRequest) -> object:
    """Ask the customer for feedback now."""
    case = account.cases.get(call.ids[0])
    if not case.asks_feedback:
        raise BadRequest("id", "feedback is switched off for this case; doask switches it on.")
    case.date_requestedfeedback = account.clock.now()
    account.log(case, "feedback", "Asked the customer for feedback.")
    return _feedback(case)


def do_ask(account: Account, call: RoutedRequest) -> object:
    """Allow the customer to be asked for feedback."""
    return _set_asking(account, call, True)


def dont_ask(account: Account, call: RoutedRequest) -> object:
    """Keep the customer from being asked for feedback."""
    return _set_asking(account, call, False)


def _set_asking(account: Account, call: RoutedRequest, asks: bool) -> object:
    case = account.cases.get(call.ids[0])
    case.asks_feedback = asks
    account.log(case, "feedback", f"Asking for feedback was switched {'on' if asks else 'off'}.")
    return _feedback(case)


def _feedback(case: Case) -> dict[str, object]:
    return {
        "caseid": case.id,
        "casenum": case.id,
        "rating": case.rating,
        "feedback": case.feedback,
        "date_requestedfeedback": case.date_requestedfeedback,
        "date_rated": case.date_rated,
        "ask": case.asks_feedback,
    }


ROUTES = (
    Route("POST", "v1/cases/{id}/addnote", "cases_update", add_note),
    Route("POST", "v1/cases/{id}/reply", "cases_update", reply),
    Route("POST", "v1/cases/{id}/snooze", "cases_update", snooze),
    Route("POST", "v1/cases/{id}/tag/{tag_id}", "cases_update", tag),
    Route("POST", "v1/cases/{id}/untag/{tag_id}", "cases_update", untag),
    Route("GET", "v1/cases/{id}/feedback", "cases", get_feedback),
    Route("POST", "v1/cases/{id}/feedback/request", "cases_update", request_feedback),
    Route("POST", "v1/cases/{id}/feedback/doask", "cases_update", do_ask),
    Route("POST", "v1/cases/{id}/feedback/dontask", "cases_update", dont_ask),
)
