"""What the migration makes of API tokens that stand already."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("accounts", "0006_sessions")]
AFTER = [("accounts", "0007_api_token_owners")]


@pytest.fixture
def old(transactional_db: None) -> Any:
    """The models before; afterwards the database is brought to the newest state again."""
    executor = MigrationExecutor(connection)
    newest = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "accounts"]
    executor.migrate(BEFORE)
    yield MigrationExecutor(connection).loader.project_state(BEFORE).apps
    MigrationExecutor(connection).migrate(newest)


def test_tokens_of_members_are_personal_of_commands_service_and_of_others_end(old: Any) -> None:
    users, environments, tokens = (old.get_model("accounts", name) for name in ("User", "Environment", "ApiToken"))
    entries, memberships = old.get_model("accounts", "AuditEntry"), old.get_model("accounts", "Membership")
    place = environments.objects.create(name="Production")
    people = {name: users.objects.create(username=name) for name in ("ana", "left", "asleep")}
    users.objects.filter(username="asleep").update(is_active=False)
    for name in ("ana", "asleep"):
        memberships.objects.create(environment=place, user=people[name], role="viewer")
    ends = timezone.now() + timedelta(days=400)

    def token(name: str, maker: str = "", actor: str = "") -> None:
        row = tokens.objects.create(
            environment=place, name=name, role="admin", digest=name.encode(), last_four="abcd",
            created_by=people.get(maker), expires_at=ends,
        )  # fmt: skip
        if actor:
            entries.objects.create(
                actor=actor, action="api_token.issued", environment_id=place.pk, target_id=str(row.pk), target_name=name
            )

    token("of ana", "ana", "ana")
    token("of left", "left", "left")
    token("of asleep", "asleep", "asleep")
    token("of nobody known")
    token("of command", actor="issue_api_token")
    token("of deleted", actor="dora")
    token("child of command", actor="API token of command (…abcd)")
    token("child of deleted", actor="API token of deleted (…abcd)")

    executor = MigrationExecutor(connection)
    executor.migrate(AFTER)
    new = executor.loader.project_state(AFTER).apps.get_model("accounts", "ApiToken")

    shown = {
        row.name: (row.kind, row.owner.username if row.owner else "", row.revoked_at is None)
        for row in new.objects.select_related("owner")
    }
    assert shown == {
        "of ana": ("personal", "ana", True),
        "of left": ("personal", "left", False),
        "of asleep": ("personal", "asleep", False),
        "of nobody known": ("service", "", True),
        "of command": ("service", "", True),
        "of deleted": ("personal", "", False),
        "child of command": ("service", "", True),
        "child of deleted": ("personal", "", False),
    }
    assert set(new.objects.values_list("expires_at", flat=True)) == {ends}
    assert new.objects.get(name="of command").created_by == "the command issue_api_token"
    assert new.objects.get(name="of deleted").created_by == "dora"
    ended = entries.objects.filter(action="api_token.ended").values_list("target_name", flat=True)
    assert set(ended) == {"of left", "of asleep", "of deleted", "child of deleted"}
