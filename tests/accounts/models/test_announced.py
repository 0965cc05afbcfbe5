"""Whatever changes a row that caches hold copies of, announces it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from accounts.changes import MOST_ROWS, Change, ChangeKind
from accounts.models import ApiToken, Environment, IntegratedAccount, Integration, Membership, Role, User
from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow
from mcpservers.models import AccessToken, MCPServer, PersonConnection, RefreshToken, RegisteredClient
from tests.documentation import ROOT
from tests.hearing import hearing
from tests.people import People
from tests.sign_in import Authorizing, server_for_people
from tools.models import Documentation

APPS = ("accounts", "tools", "mcpservers", "api", "portal", "config")
KINDS = {
    MCPServer: ChangeKind.SERVER,
    IntegratedAccount: ChangeKind.ACCOUNT,
    Integration: ChangeKind.INTEGRATION,
    Documentation: ChangeKind.INTEGRATION,
    ApiToken: ChangeKind.TOKEN,
    Membership: ChangeKind.TOKEN,
    User: ChangeKind.TOKEN,
    PersonConnection: ChangeKind.TOKEN,
    AccessToken: ChangeKind.TOKEN,
}
# Rows of which nobody has copies, and that announce what is deleted or changed with them.
KINDLESS = {Environment, RegisteredClient, RefreshToken}
# A field of each that is cached, and a value for it.
CHANGED: dict[type[AnnouncedRow], dict[str, Any]] = {
    MCPServer: {"methods": ["read"]},
    IntegratedAccount: {"status": "disabled"},
    Integration: {"label": "Desk"},
    Documentation: {"published": False},
    ApiToken: {"revoked_at": timezone.now()},
    Membership: {"role": Role.VIEWER},
    User: {"is_active": False},
    PersonConnection: {"reads_only": True},
    AccessToken: {"scope": "read write"},
}


def saved(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def saved_in_part(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def updated(row: Any, values: dict[str, Any]) -> None:
    assert type(row).objects.filter(pk=row.pk).update(**values) == 1


def updated_by_the_base_manager(row: Any, values: dict[str, Any]) -> None:
    assert type(row)._base_manager.filter(pk=row.pk).update(**values) == 1


def updated_together(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    type(row).objects.bulk_update([row], list(values))


WAYS = [saved, saved_in_part, updated, updated_by_the_base_manager, updated_together]


@pytest.fixture
def row(request: pytest.FixtureRequest, server: tuple[MCPServer, str], people: People) -> AnnouncedRow:
    """A row of each kind."""

    def allowed(model: Any) -> AnnouncedRow:
        Authorizing(server_for_people(server[0].account), people.operator).tokens()
        made: AnnouncedRow = model.objects.get()
        return made

    found: dict[type[AnnouncedRow], Callable[[], AnnouncedRow]] = {
        MCPServer: lambda: server[0],
        IntegratedAccount: lambda: server[0].account,
        Integration: lambda: server[0].account.integration,
        Documentation: Documentation.objects.all()[:1].get,
        ApiToken: lambda: ApiToken.objects.issue(
            environment=server[0].account.environment, name="t", role=Role.ADMIN, owner=people.operator
        )[0],
        Membership: lambda: Membership.objects.get(user=people.operator),
        User: lambda: people.operator,
        PersonConnection: lambda: allowed(PersonConnection),
        AccessToken: lambda: allowed(AccessToken),
    }
    return found[request.param]()


def told_of(row: AnnouncedRow) -> Change:
    """Return what a change of a row announces."""
    return Change(KINDS[type(row)], row.announced_id)


def revision_of(row: Any) -> Any:
    """Return the revision by which copies of a row are compared; None if they are not."""
    holder = row.integration if isinstance(row, Documentation) else row
    if not hasattr(holder, "revision"):
        return None
    return type(holder).objects.values_list("revision", flat=True).get(pk=holder.pk)


@pytest.mark.django_db(transaction=True)
class TestEachWay:
    """One by one, many at once, by cascades."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("row", KINDS, indirect=True)
    def test_a_change_is_announced_and_raises_the_revision(
        self, row: AnnouncedRow, way: Callable[[Any, dict[str, Any]], None]
    ) -> None:
        before, expected = revision_of(row), told_of(row)
        with hearing() as heard:
            way(row, CHANGED[type(row)])
        assert expected in heard
        assert before is None or revision_of(row) > before

    @pytest.mark.parametrize("at_once", [False, True])
    @pytest.mark.parametrize("row", [each for each in KINDS if each is not Integration], indirect=True)
    def test_a_deletion_is_announced(self, row: AnnouncedRow, at_once: bool) -> None:
        expected = told_of(row)
        with hearing() as heard:
            rows: Any = type(row)._default_manager.filter(pk=row.pk)
            (rows if at_once else row).delete()
        assert expected in heard

    def test_what_goes_with_an_environment_is_announced(self, server: tuple[MCPServer, str]) -> None:
        account = server[0].account
        token, _ = ApiToken.objects.issue(environment=account.environment, name="t", role=Role.VIEWER, owner=None)
        expected = {told_of(each) for each in (account, server[0])}
        with hearing() as heard:
            Environment.objects.filter(pk=account.environment_id).delete()
        assert expected <= {*heard}
        assert any(change.kind is ChangeKind.TOKEN and change.may_be_of(token.pk) for change in heard)

    def test_what_goes_with_an_integration_is_announced(self, integration: Integration) -> None:
        expected = Change(ChangeKind.INTEGRATION, integration.pk)
        with hearing() as heard:
            integration.delete()
        assert heard == [expected]

    def test_tokens_that_lose_their_person_are_announced(self, people: People, environment: Environment) -> None:
        row, _ = ApiToken.objects.issue(environment=environment, name="t", role=Role.VIEWER, owner=people.operator)
        with hearing() as heard:
            User.objects.filter(pk=people.operator.pk).delete()
        assert Change(ChangeKind.TOKEN, None) in heard
        assert ApiToken.objects.get(pk=row.pk).owner is None

    def test_tokens_that_were_made_by_a_deleted_one_are_announced(self, environment: Environment) -> None:
        first, _ = ApiToken.objects.issue(environment=environment, name="a", role=Role.VIEWER, owner=None)
        second, _ = ApiToken.objects.issue(
            environment=environment, name="b", role=Role.VIEWER, owner=None, parent=first
        )
        expected = {told_of(first), told_of(second)}
        with hearing() as heard:
            first.delete()
        assert {*heard} == expected

    def test_records_that_are_made_together_are_announced_once(self, integration: Integration) -> None:
        before = revision_of(integration)
        rows = [Documentation(integration=integration, resource="r", method=f"m{number}") for number in range(30)]
        with hearing() as heard, transaction.atomic():
            Documentation.objects.bulk_create(rows)
            rows[0].save()
        assert heard == [Change(ChangeKind.INTEGRATION, integration.pk)]
        assert revision_of(integration) > before

    def test_an_update_of_many_is_announced_for_any_row(self, server: tuple[MCPServer, str]) -> None:
        account = server[0].account
        for number in range(MOST_ROWS):
            MCPServer(account=account, name=f"{number}", digest=number.to_bytes(32), last_four="abcd").save()
        with hearing() as heard:
            assert MCPServer.objects.update(paused_at=timezone.now()) == MOST_ROWS + 1
        assert heard == [Change(ChangeKind.SERVER, None)]

    def test_what_nobody_caches_is_not_announced(self, server: tuple[MCPServer, str], people: People) -> None:
        before = revision_of(server[0])
        with hearing() as heard:
            MCPServer.objects.update(last_seen_at=timezone.now())
            User.objects.filter(pk=people.operator.pk).update(last_login=timezone.now())
            people.operator.save(update_fields=["last_login"])
        assert heard == []
        assert revision_of(server[0]) == before


def reached_by_a_deletion(model: type[models.Model]) -> Iterable[type[models.Model]]:
    """Return the models whose rows a deletion of this model's rows deletes or changes."""
    for relation in model._meta.related_objects:
        if getattr(relation, "on_delete", None) in {models.CASCADE, models.SET_NULL, models.SET_DEFAULT}:
            yield relation.related_model


def ours() -> list[Any]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]


def leads_to_an_announced_row(model: type[models.Model], seen: frozenset[Any] = frozenset()) -> bool:
    """Return whether deleting rows of a model may change a row that announces itself."""
    return model not in seen and any(
        getattr(reached, "announced_kind", None) is not None or leads_to_an_announced_row(reached, seen | {model})
        for reached in reached_by_a_deletion(model)
    )


def test_every_model_whose_deletion_reaches_such_rows_announces_it() -> None:
    found = {model for model in ours() if leads_to_an_announced_row(model) and not issubclass(model, AnnouncedRow)}
    assert found == set()


def test_every_manager_of_such_rows_announces_changes_in_bulk() -> None:
    announced = [model for model in ours() if issubclass(model, AnnouncedRow)]
    managers = [each for model in announced for each in (*model._meta.managers, model._base_manager)]
    # The library's manager only reads.
    plain = {
        str(manager)
        for manager in managers
        if not isinstance(manager.get_queryset(), AnnouncedQuerySet) and manager.name != "history"
    }
    assert {*announced} == {*KINDS} | KINDLESS
    assert plain == set()


def test_no_sql_of_our_own_writes_such_rows() -> None:
    tables = "|".join(model._meta.db_table for model in ours() if issubclass(model, AnnouncedRow))
    writes = re.compile(rf"\b(UPDATE|DELETE FROM|INTO)\s+\"?({tables})\b", re.IGNORECASE)
    found = [
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and writes.search(path.read_text())
    ]
    assert found == []
