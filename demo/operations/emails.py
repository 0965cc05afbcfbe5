"""v1/emails: mail that is linked to no case, and any mail by its id."""

from operator import attrgetter

from demo.account import Account
from demo.ordering import Keys, ordered
from demo.records.email import Email
from demo.routing import Route, RoutedRequest

ORDER: Keys[Email] = {
    "id": attrgetter("id"),
    "date": attrgetter("date"),
    "from": attrgetter("sender"),
    "subject": attrgetter("subject"),
}
FILTERS = {"from": attrgetter("sender"), "subject": attrgetter("subject"), "content": attrgetter("body")}


def list_unassigned(account: Account, call: RoutedRequest) -> object:
    """List the emails that belong to no case, by default newest first."""
    emails = [email for email in account.emails if email.case_id is None]
    for name, text in call.query.only(FILTERS).items():
        emails = [email for email in emails if text.casefold() in FILTERS[name](email).casefold()]
    emails = ordered(emails, call.query.text("orderby"), ORDER, "date desc")
    body_limit = call.query.number("bodylimit", at_least=0, at_most=1_000_000)
    return [email.summary(body_limit) for email in call.query.page(emails)]


def get_email(account: Account, call: RoutedRequest) -> object:
    """Show any email, with its whole body."""
    return account.emails.get(call.ids[0]).summary()


ROUTES = (
    Route("GET", "v1/emails/unassigned", "emails", list_unassigned),
    Route("GET", "v1/emails/{id}", "emails", get_email),
)
