"""A vendor's answer as pagers read it, with its links followed below the account's own address."""

from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from accounts.vendors.concealment import MASK
from accounts.vendors.connection import Connection
from tools.calling.answers.answer import AnswerContent, VendorAnswer
from tools.pagination import LinkRefused, PageAnswer
from tools.pagination.links import target_of


def page_answer(content: AnswerContent, answer: VendorAnswer, asked: str) -> PageAnswer:
    """Return an answer, whose result is a list, to a request for the target `asked`."""
    follow = partial(_follow, answer.connection, asked)
    response = answer.response
    return PageAnswer(content.result, content.document, response.headers, response.status, asked, follow)


def _follow(connection: Connection, asked: str, link: Any) -> str:
    """Return the target that a vendor's link leads to, without credentials; raise LinkRefused."""
    if not isinstance(link, str):
        raise LinkRefused("is not an address")
    target = target_of(link, base=str(connection.base), asked=asked)
    path, _, query = connection.authentication.stripped(target).partition("?")
    # A vendor may repeat in a link's query what was sent in a header; the answer's mask has replaced it.
    pairs = [pair for pair in query.split("&") if MASK not in unquote_plus(pair)]
    if MASK in unquote_plus(path):
        raise LinkRefused("repeats the account's credentials")
    return f"{path}?{'&'.join(pairs)}" if pairs != [""] and pairs else path
