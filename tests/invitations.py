"""What tests of invitations share: inviting in the portal, and who opens the link."""

import re

from django.test import Client

PASSWORD = "rather-long-77"
LINK = re.compile(r"/invitations/(pbinv_[0-9A-Za-z]+)")


def link_in(page: str) -> str:
    """Return the path of the invitation that a page or a mail shows."""
    found = LINK.search(page)
    assert found is not None
    return found.group()


def invited(client: Client, role: str = "operator", **more: str) -> str:
    """Invite by a link, as the admin whose browser this is; return its path."""
    return link_in(client.post("/people/invite", {"role": role, **more}).content.decode())


def account_form(username: str = "nina") -> dict[str, str]:
    """Return what somebody new fills in."""
    return {
        "username": username, "first_name": "Nina", "last_name": "Novak",
        "password1": PASSWORD, "password2": PASSWORD,
    }  # fmt: skip
