"""v1/chats: a list of the active ones, and any one by its id."""

from demo import casework
from demo.account import Account
from demo.records.case import STATUSES
from demo.records.chat import Chat
from demo.routing import Route, RoutedRequest


def list_chats(account: Account, call: RoutedRequest) -> object:
    """List all active chats, newest first, without paging."""
    return [chat.summary() for chat in reversed(list(account.chats)) if not chat.is_archived]


def get_chat(account: Account, call: RoutedRequest) -> object:
    """Show a chat, active or archived, with its transcript."""
    return account.chats.get(call.ids[0]).detail()


def update_chat(account: Account, call: RoutedRequest) -> object:
    """Change what is given and leave the rest."""
    chat = account.chats.get(call.ids[0])
    form = call.form
    contact = form.known("contactUuid", account.find_contact_by_uuid)
    case = form.known("caseId", account.cases.find)
    unseen = form.number("unseen", at_least=0, at_most=9999)
    _place(account, call, chat)
    chat.title = form.text("title") or chat.title
    chat.client_name = form.text("clientName") or chat.client_name
    chat.contact = contact or chat.contact
    chat.case_id = case.id if case else chat.case_id
    chat.unseen = chat.unseen if unseen is None else unseen
    return chat.detail()


def close_chat(account: Account, call: RoutedRequest) -> object:
    """Close the chat; a status is set on its linked case. Closing it again changes nothing."""
    chat = account.chats.get(call.ids[0])
    status = call.form.choice("status", STATUSES)
    _place(account, call, chat)
    if not chat.is_archived:
        chat.close(account.clock.now())
    case = account.cases.find(str(chat.case_id))
    if case and status:
        casework.set_status(account, case, status)
    return chat.detail()


def _place(account: Account, call: RoutedRequest, chat: Chat) -> None:
    department = call.form.known("depid", account.departments.find)
    rep = call.form.known("repid", account.find_rep)
    chat.department_id = department.id if department else chat.department_id
    chat.rep_id = rep.rep_id if rep else chat.rep_id


ROUTES = (
    Route("GET", "v1/chats", "chats", list_chats),
    Route("GET", "v1/chats/{id}", "chats", get_chat),
    Route("POST", "v1/chats/{id}", "chats_update", update_chat),
    Route("POST", "v1/chats/{id}/close", "chats_update", close_chat),
)
