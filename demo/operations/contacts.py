"""v2/contacts: search, get, create, update."""

from demo.account import Account
from demo.errors import VendorError
from demo.records.contact import FURTHER_FIELDS, LISTED_FIELDS, Contact
from demo.routing import Route, RoutedRequest

FIELDS = (*LISTED_FIELDS, *FURTHER_FIELDS)


def search_contacts(account: Account, call: RoutedRequest) -> object:
    """Search names, companies and addresses, ignoring case."""
    text = call.query.required("search").strip()
    found = [contact for contact in account.contacts if contact.matches(text)]
    return [contact.summary() for contact in call.query.page(found)]


def get_contact(account: Account, call: RoutedRequest) -> object:
    """Show a contact with all of its fields."""
    return account.contacts.get(call.ids[0]).detail()


def create_contact(account: Account, call: RoutedRequest) -> object:
    """Create a contact that has a name or an address."""
    values = call.form.only(FIELDS)
    if not values.keys() & {"firstName", "lastName", "emailAddress"}:
        raise VendorError("A contact needs one of firstName, lastName and emailAddress.")
    now = account.clock.now()
    contact = Contact(id=account.contacts.next_id(), date_created=now, date_updated=now)
    contact.change(values, now)
    return account.contacts.add(contact).detail()


def update_contact(account: Account, call: RoutedRequest) -> object:
    """Change what is given and leave the rest."""
    contact = account.contacts.get(call.ids[0])
    contact.change(call.form.only(FIELDS), account.clock.now())
    return contact.detail()


ROUTES = (
    Route("GET", "v2/contacts", "contacts", search_contacts),
    Route("GET", "v2/contacts/{id}", "contacts", get_contact),
    Route("POST", "v2/contacts", "contacts_create", create_contact),
    Route("POST", "v2/contacts/{id}", "contacts_update", update_contact),
)
