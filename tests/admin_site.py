"""What tests of the admin share: people with rights, and their browsers."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User

SIGN_IN = "/admin/login/"


def superuser() -> User:
    """Return somebody who may do everything; without a password, since making one takes longer than most tests."""
    return User.objects.create(username="root", is_staff=True, is_superuser=True)


def staff(*permissions: str) -> User:
    """Return a member of the staff with these permissions, each as `app.codename`."""
    person = User.objects.create(username="editor", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return person


def browser(person: User) -> Client:
    """Return a client that is signed in."""
    client = Client()
    client.force_login(person)
    return client


def listing(model: Any, **query: str) -> str:
    """Return the address of a model's list."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def page(row: Any, kind: str = "change") -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=[row.pk])


def act(client: Client, action: str, *rows: Any) -> str:
    """Run an action of the list on rows, and return the page that it leads to."""
    ticked = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(listing(rows[0]), ticked, follow=True).content.decode()


def queries(client: Client, address: str) -> int:
    """Return how many queries a page takes once nothing is compiled for the first time any more."""
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
