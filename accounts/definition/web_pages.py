"""Addresses of the vendor's own web pages: templates with connection fields, and with members of a record."""

import re
from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from accounts.definition.parts import PLACEHOLDER

HOST = re.compile(r"https://([^/?#]*)")
# What a host has beside placeholders: no name of a user, and no port.
HOST_TEXT = re.compile(r"[A-Za-z0-9.-]*")
# RFC 3986, section 2.
ADDRESS_TEXT = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


def _check_web_page(template: str) -> str:
    host = HOST.match(template)
    if host is None:
        raise ValueError("must begin with https://")
    if not HOST_TEXT.fullmatch(PLACEHOLDER.sub("", host[1])) or not host[1]:
        raise ValueError("has no plain host: letters, digits, dots and {placeholders} of connection fields")
    if not ADDRESS_TEXT.fullmatch(PLACEHOLDER.sub("", template)):
        raise ValueError("has a brace outside a {placeholder}, or a character that no address has")
    if {".", ".."} & set(template[host.end() :].split("/")):
        raise ValueError("has a dot segment")
    return template


WebPage = Annotated[str, Field(max_length=300), AfterValidator(_check_web_page)]


def web_page_problems(template: str, fields: Collection[str], secrets: Collection[str]) -> Iterator[str]:
    """Yield what keeps an address from being shown: a secret in it, or a host that is not the account's."""
    host = HOST.match(template)
    in_host = PLACEHOLDER.findall(host[1]) if host else []
    for name in PLACEHOLDER.findall(template):
        if name in secrets:
            yield f"{{{name}}} is secret, and would be shown in every link"
        elif name in in_host and name not in fields:
            yield f"{{{name}}} stands in the host, and is not one of the connection fields"
