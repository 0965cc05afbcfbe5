"""What the migration makes of API tokens that stand already."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

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
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    yield MigrationExecutor(connection).loader.project_state(BEFORE).apps
    MigrationExecutor(connection).migrate(newest)


class Earlier:
    """An environment as it was, with tokens and what the audit record tells of them."""

    def __init__(self, apps: Any) -> None:
        """Make the environment."""
        self.users, self.tokens = apps.get_model("accounts", "User"), apps.get_model("accounts", "ApiToken")
        self.entries, self.memberships = (apps.get_model("accounts", each) for each in ("AuditEntry", "Membership"))
        self.place = apps.get_model("accounts", "Environment").objects.create(name="Production")

    def token(self, name: str, owner: Any = None, actor: str = "", ends: datetime | None = None) -> Any:
        """Make a token, with an entry where there is an actor."""
        row = self.tokens.objects.create(
            environment=self.place, name=name, role="admin", digest=uuid4().bytes, last_four="abcd",
            created_by=owner, expires_at=ends,
        )  # fmt: skip
        if actor:
            self.note("api_token.issued", actor, str(row.pk), name)
        return row

    def note(self, action: str, actor: str, target_id: str, target_name: str) -> None:
        """Write into the audit record."""
        self.entries.objects.create(
            actor=actor, action=action, environment_id=self.place.pk, target_id=target_id, target_name=target_name
        )

    def noted(self, action: str) -> set[str]:
        """Return the names of tokens of which the audit record tells this."""
        return set(self.entries.objects.filter(action=f"api_token.{action}").values_list("target_name", flat=True))


@pytest.fixture
def earlier(old: Any) -> Earlier:
    return Earlier(old)


def migrated() -> Any:
    """Migrate; return the tokens."""
    executor = MigrationExecutor(connection)
    executor.migrate(AFTER)
    return executor.loader.project_state(AFTER).apps.get_model("accounts", "ApiToken").objects


def test_tokens_of_members_are_personal_of_commands_service_and_of_others_end(earlier: Earlier) -> None:
    people = {name: earlier.users.objects.create(username=name) for name in ("ana", "left", "asleep")}
    earlier.users.objects.filter(username="asleep").update(is_active=False)
    for name in ("ana", "asleep"):
        earlier.memberships.objects.create(environment=earlier.place, user=people[name], role="viewer")
    ends = timezone.now() + timedelta(days=400)
    for name, person in people.items():
        earlier.token(f"of {name}", person, name, ends)
    earlier.token("of command", actor="issue_api_token", ends=ends)
    earlier.token("endless of command", actor="issue_api_token")
    earlier.token("of deleted", actor="dora", ends=ends)
    earlier.token("child of command", actor="API token of command (…abcd)", ends=ends)
    earlier.token("child of deleted", actor="API token of deleted (…abcd)", ends=ends)

    new = migrated()

    shown = {
        row.name: (row.kind, row.owner.username if row.owner else "", row.revoked_at is None)
        for row in new.select_related("owner")
    }
    assert shown == {
        "of ana": ("personal", "ana", True),
        "of left": ("personal", "left", False),
        "of asleep": ("personal", "asleep", False),
        "of command": ("service", "", True),
        "endless of command": ("service", "", True),
        "of deleted": ("personal", "", False),
        "child of command": ("service", "", True),
        "child of deleted": ("personal", "", False),
    }
    assert set(new.exclude(name="endless of command").values_list("expires_at", flat=True)) == {ends}
    assert new.get(name="endless of command").expires_at is None
    assert new.get(name="of command").created_by == "the command issue_api_token"
    assert new.get(name="of deleted").created_by == "dora"
    assert earlier.noted("ended") == {"of left", "of asleep", "of deleted", "child of deleted"}
    assert not earlier.noted("limited")


def test_a_token_whose_maker_nothing_tells_any_more_ends_within_ninety_days(earlier: Earlier) -> None:
    soon = timezone.now() + timedelta(days=5)
    earlier.token("entry pruned")
    earlier.token("entry pruned, far", ends=timezone.now() + timedelta(days=400))
    earlier.token("entry pruned, soon", ends=soon)
    earlier.token("parent deleted", actor="API token no longer there (…wxyz)")
    earlier.token("child", actor="API token entry pruned (…abcd)")
    for maker in ("dora", "issue_api_token"):
        earlier.token("twice", actor=maker)
    earlier.token("child of one of two", actor="API token twice (…abcd)")
    latest = timezone.now() + timedelta(days=90, minutes=5)

    rows = {row.name: row for row in migrated().exclude(name="twice")}

    assert {(row.kind, row.created_by, row.owner, row.revoked_at) for row in rows.values()} == {
        ("service", "not known", None, None)
    }
    assert rows.pop("entry pruned, soon").expires_at == soon
    for row in rows.values():
        assert latest - timedelta(minutes=10) < row.expires_at < latest
    assert earlier.noted("limited") == set(rows)


@pytest.mark.parametrize("trace", ["is there", "is there in capitals", "was a member", "signed something", "by id"])
def test_a_command_that_a_person_was_named_like_tells_nothing(earlier: Earlier, trace: str) -> None:
    name = "issue_api_token"
    token = earlier.token("of either", actor=name)
    match trace:
        case "is there":
            earlier.users.objects.create(username=name)
        case "is there in capitals":
            earlier.users.objects.create(username=name.upper())
        case "was a member":
            earlier.note("membership.removed", "ana", "17", name)
        case "signed something":
            earlier.note("account.renamed", name, "17", "Helpdesk")
        case "by id":
            earlier.entries.objects.filter(target_id=str(token.pk)).update(actor_id=17)

    row = migrated().get()

    if trace == "by id":
        assert (row.kind, row.revoked_at is None) == ("personal", False)
    else:
        assert (row.kind, row.created_by) == ("service", "not known")
        assert row.expires_at < timezone.now() + timedelta(days=91)
