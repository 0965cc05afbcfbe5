"""What the portal's tests share: browsers of people, and the policy that every page must carry."""

import html
import re

from django.http.response import HttpResponseBase
from django.test import Client

from accounts.models import Environment, User
from portal.requests import SHOWN
from tests.pages import as_read


def browser(user: User) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    return client


def shown_for(environment: Environment) -> dict[str, str]:
    """Return what a form carries that was shown for an environment."""
    return {SHOWN: str(environment.pk)}


def has_strict_policy(response: HttpResponseBase) -> bool:
    """Tell whether a page may run and load nothing but files of this site."""
    policy = response.headers["Content-Security-Policy"]
    return "default-src 'none'" in policy and "script-src 'self';" in policy + ";" and "unsafe" not in policy


def shown(response: HttpResponseBase) -> str:
    """Return the page of a response, with its characters as a person reads them."""
    return html.unescape(as_read(response.content.decode()))  # type: ignore[attr-defined]


def vendor_address(client: Client, response: HttpResponseBase) -> str:
    """Return the link to the vendor on the page that a form led to."""
    assert response.status_code == 302, shown(response)
    page = client.get(response.headers["Location"])
    assert has_strict_policy(page)
    found = re.search(r'href="([^"]*)" rel="noreferrer">Continue to', page.content.decode())
    assert found
    return html.unescape(found.group(1))
