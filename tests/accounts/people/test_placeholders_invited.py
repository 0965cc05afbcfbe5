"""Upgrading: people who were added by name and never came become invitations; everybody else stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from accounts.models import Invitation, Membership, User
from tests.invitations import account_form, link_in
from tests.portal_site import browser

OLD, NEW = [("accounts", "0004_second_factor")], [("accounts", "0005_placeholders_invited")]


@pytest.fixture
def _as_before(transactional_db: None) -> Iterator[None]:
    """Take the database back to before invitations, and to the present when the test is over."""
    present = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(OLD)
    yield
    MigrationExecutor(connection).migrate(present)


@pytest.mark.usefixtures("_as_before")
def test_who_never_came_is_invited_and_everybody_else_keeps_their_place() -> None:
    before = MigrationExecutor(connection).loader.project_state(OLD).apps
    people, environments = before.get_model("accounts", "User"), before.get_model("accounts", "Environment")
    memberships, tokens = before.get_model("accounts", "Membership"), before.get_model("accounts", "ApiToken")
    first, second = (environments.objects.create(name=name) for name in ("Production", "Elsewhere"))
    kept: dict[str, dict[str, Any]] = {
        "ana": {"password": "md5$a$b"},
        "seen": {"password": "!x", "last_login": "2026-01-01T00:00:00Z"},
        "editor": {"password": "!y", "is_staff": True},
        "root": {"password": "!y", "is_superuser": True},
    }
    for name, fields in {**kept, "nina": {"password": "!z"}}.items():
        person = people.objects.create(username=name, **fields)
        memberships.objects.create(environment=first, user=person, role="admin")
    people.objects.create(username="apart", password="!never-a-member")
    nina = people.objects.get(username="nina")
    memberships.objects.create(environment=second, user=nina, role="viewer")
    tokens.objects.create(environment=first, name="hers", role="viewer", digest=b"1", last_four="1", created_by=nina)
    before.get_model("accounts", "AuditEntry").objects.create(
        environment_id=first.pk, actor="ana", action="membership.added", target_id=str(nina.pk), target_name="nina"
    )

    MigrationExecutor(connection).migrate(NEW)
    MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    assert set(User.objects.values_list("username", flat=True)) == {*kept, "apart"}
    assert set(Membership.objects.values_list("user__username", flat=True)) == set(kept)
    rows = Invitation.objects.order_by("environment__name").values_list(
        "environment__name", "role", "note", "invited_by_name", "digest", "expires_at"
    )
    assert list(rows) == [
        ("Elsewhere", "viewer", "nina", "", None, None),
        ("Production", "admin", "nina", "ana", None, None),
    ]
    ana = browser(User.objects.get(username="ana"))
    assert "No link yet" in ana.get("/people").content.decode()
    invitation = Invitation.objects.get(environment__name="Production")
    path = link_in(ana.post(f"/people/invited/{invitation.pk}/renew").content.decode())
    assert Client().post(f"{path}/join", account_form("nina")).status_code == 302
    assert Membership.objects.get(user__username="nina").role == "admin"
