"""What staff reach in the admin: what their permissions name, and never more rights for themselves or anybody."""

import logging
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, Environment, Integration, Invitation, Membership, Role, User
from accounts.people.invitations import invite
from accounts.people.second_factors import begin_setup
from tests.admin_site import act, browser, listing, page, staff, superuser
from tests.invitations import account_form, link_in
from tests.people import People
from tools.models import Documentation

TAKEN = "taken-over-1"


def hostile(me: User, environment: Environment, member: Membership) -> dict[str, Any]:
    """Return every field by which a form of the admin could give rights, and what would give most."""
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    return {
        "username": "editor2", "password": TAKEN, "password1": TAKEN, "password2": TAKEN, "usable_password": "true",
        "email": "attacker@example.com", "first_name": "A", "last_name": "B", "is_active": "on", "is_staff": "on",
        "is_superuser": "on", "groups": [str(pk) for pk in Group.objects.values_list("pk", flat=True)],
        "user_permissions": everything, "permissions": everything, "name": "Fresh group", "role": "admin",
        "environment": str(environment.pk), "user": str(me.pk), "invited_by": str(me.pk), "post": "yes",
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "note": "me",
        "memberships-TOTAL_FORMS": "2", "memberships-INITIAL_FORMS": "1", "memberships-0-id": str(member.pk),
        "memberships-0-user": str(me.pk), "memberships-0-environment": str(environment.pk),
        "memberships-0-role": "admin", "memberships-1-user": str(me.pk), "memberships-1-role": "admin",
        "memberships-1-environment": str(environment.pk),
    }  # fmt: skip


def rights() -> set[tuple[object, ...]]:
    """Return every right there is, and what opens the door to one: it may shrink, and must not grow."""
    held: set[tuple[object, ...]] = set()
    for user in User.objects.all():
        held.add(("person", user.pk, user.username, user.email, user.password))
        held |= {(flag, user.pk) for flag in ("is_staff", "is_superuser") if getattr(user, flag)}
        held |= {("group", user.pk, group) for group in user.groups.values_list("pk", flat=True)}
        held |= {("permission", user.pk, each) for each in user.user_permissions.values_list("pk", flat=True)}
        held |= {("member", user.pk, str(row.environment_id), row.role) for row in user.memberships.all()}
        held |= {("factor", user.pk, user.second_factor.secret) for _ in [0] if hasattr(user, "second_factor")}
    for group in Group.objects.all():
        held.add(("group", group.pk, group.name, *group.permissions.values_list("pk", flat=True)))
    held |= {
        ("invitation", str(row.pk), row.role, row.digest and bytes(row.digest)) for row in Invitation.objects.all()
    }
    return held | {("token", str(row.pk), row.role) for row in ApiToken.objects.all()}


def addresses(rows: dict[Any, list[Any]]) -> Iterator[str]:
    """Return the addresses at which every registered admin takes forms, those of these rows included."""
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_add")
        own = [each for each in model_admin.get_urls() if re.fullmatch("<path:object_id>/[a-z-]+/", str(each.pattern))]
        for row in rows.get(model, []):
            for pattern in own:
                # Deletion is for whoever has the permission; it takes rights away.
                if pattern.name and not pattern.name.endswith(("_delete", "_history")):
                    yield reverse(f"admin:{pattern.name}", args=[row.pk])
            if model is User:
                yield reverse("admin:auth_user_password_change", args=[row.pk])


def bulk(model_admin: Any) -> Iterator[dict[str, Any]]:
    """Return what runs each action of a list but deletion on every row."""
    for action in getattr(model_admin, "actions", None) or ():
        name = action if isinstance(action, str) else action.__name__
        yield {"action": name, "select_across": "1", "_selected_action": ["1"]}


@pytest.fixture
def staffed(people: People) -> User:
    """A member of the staff without permissions, among people who have some."""
    owned, _ = Group.objects.get_or_create(name="Owners")
    owned.permissions.set(Permission.objects.all())
    root = superuser()
    begin_setup(root)
    ApiToken.objects.issue(environment=people.elsewhere, name="theirs", role=Role.ADMIN, owner=people.outsider)
    invite(people.elsewhere, people.outsider, role=Role.ADMIN)
    return User.objects.create(username="editor", is_staff=True)


@pytest.mark.hostile
def test_no_permission_over_a_kind_of_row_lets_staff_gain_a_right_on_any_page_of_the_admin(
    people: People, staffed: User, integration: Integration, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "django.request")  # thousands of refusals, each with a traceback
    rows: dict[Any, list[Any]] = {
        User: [staffed, people.teammate, User.objects.get(username="root")],
        Group: list(Group.objects.all()),
        Environment: [people.elsewhere],
        Invitation: list(Invitation.objects.all()),
        ApiToken: list(ApiToken.objects.all()),
    }
    assert {Integration, Documentation, *rows} <= set(admin.site._registry)
    paths = list(dict.fromkeys(addresses(rows)))
    member = Membership.objects.get(environment=people.elsewhere)
    form, client, before = hostile(staffed, people.elsewhere, member), browser(staffed), rights()
    of_people = Permission.objects.filter(content_type__app_label__in=["accounts", "auth"])
    making = of_people.filter(codename__regex="^(add|change)_").order_by("content_type", "pk")
    others = Permission.objects.exclude(pk__in=making)
    by_kind = [list(each) for _, each in groupby(making, key=lambda permission: permission.content_type_id)]
    for permissions in [*by_kind, list(others)]:
        # Without sight of the rows few pages open at all.
        kinds = [each.content_type for each in permissions]
        granted = [*permissions, *Permission.objects.filter(content_type__in=kinds, codename__startswith="view_")]
        staffed.user_permissions.set(granted)
        made = set(Environment.objects.values_list("pk", flat=True))
        for path in paths:
            client.post(path, form)
        for model in [model for kind in kinds if (model := kind.model_class()) is not None]:
            for action in bulk(admin.site._registry.get(model)):
                client.post(listing(model), action)
        # An environment that somebody makes is theirs: there is nothing in it.
        Environment.objects.exclude(pk__in=made).delete()
        grown = rights() - before - {("permission", staffed.pk, each.pk) for each in granted}
        assert not grown, f"{permissions[0].content_type.app_label}.{permissions[0].codename} gave {grown}"


@pytest.mark.parametrize("target", ["outsider", "teammate", "root", "editor"])
def test_staff_who_may_change_people_set_no_password_name_address_or_right(people: People, target: str) -> None:
    superuser()
    me = staff("accounts.view_user", "accounts.change_user", "accounts.add_user", "accounts.delete_user")
    user = User.objects.get(username={"outsider": "max", "teammate": "tim"}.get(target, target))
    before = rights()
    form = hostile(me, people.elsewhere, Membership.objects.get(environment=people.elsewhere))
    client = browser(me)
    client.post(page(user), form)
    assert client.post(f"/admin/accounts/user/{user.pk}/password/", form).status_code == 403
    assert client.get(f"/admin/accounts/user/{user.pk}/password/").status_code == 403
    assert client.post("/admin/accounts/user/add/", form).status_code == 403
    assert rights() <= before
    user.refresh_from_db()
    assert user.first_name == ("A" if target in {"outsider", "teammate"} else "")
    assert "password/" not in client.get(page(user)).content.decode()


def test_staff_switch_ordinary_people_off_and_on_and_no_staff(people: People) -> None:
    colleague = User.objects.create(username="colleague", is_staff=True)
    client = browser(staff("accounts.view_user", "accounts.change_user", "accounts.delete_user"))
    nothing = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    client.post(page(people.teammate), {"first_name": "Tim", **nothing})
    people.teammate.refresh_from_db()
    assert (people.teammate.is_active, people.teammate.first_name) == (False, "Tim")
    assert client.post(page(colleague), {"first_name": "C"}).status_code == 403
    assert client.post(page(colleague, "delete"), {"post": "yes"}).status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": [str(colleague.pk)], "post": "yes"}
    client.post(listing(User), ticked)
    assert User.objects.filter(pk=colleague.pk, is_active=True).exists()


class TestLastAdmin:
    """An environment keeps an active admin, unless a superuser wants it otherwise."""

    @pytest.mark.parametrize("way", ["deactivate", "delete", "delete several"])
    def test_staff_neither_switch_off_nor_delete_the_only_one(self, people: People, way: str) -> None:
        client = browser(staff("accounts.view_user", "accounts.change_user", "accounts.delete_user"))
        answer = leave(client, way, people.outsider, people.teammate)
        assert answer.status_code == 403
        assert "max is the only active admin of Elsewhere" in answer.content.decode()
        assert User.objects.filter(pk__in=[people.outsider.pk, people.teammate.pk], is_active=True).count() == 2

    @pytest.mark.parametrize("way", ["deactivate", "delete", "delete several"])
    def test_staff_may_where_another_active_admin_is_left(self, people: People, way: str) -> None:
        Membership.objects.create(environment=people.elsewhere, user=people.owner, role=Role.ADMIN)
        client = browser(staff("accounts.view_user", "accounts.change_user", "accounts.delete_user"))
        leave(client, way, people.outsider, people.teammate)
        assert not User.objects.filter(pk=people.outsider.pk, is_active=True).exists()

    def test_two_admins_are_not_deleted_together_by_staff(self, people: People) -> None:
        Membership.objects.create(environment=people.elsewhere, user=people.teammate, role=Role.ADMIN)
        client = browser(staff("accounts.view_user", "accounts.change_user", "accounts.delete_user"))
        assert leave(client, "delete several", people.outsider, people.teammate).status_code == 403
        assert people.elsewhere.memberships.count() == 2

    def test_superusers_may(self, people: People) -> None:
        leave(browser(superuser()), "delete", people.outsider)
        assert not people.elsewhere.memberships.exists()

    def test_staff_delete_an_admin_who_is_switched_off_already(self, people: People) -> None:
        User.objects.filter(pk=people.outsider.pk).update(is_active=False)
        client = browser(staff("accounts.view_user", "accounts.change_user", "accounts.delete_user"))
        leave(client, "delete", people.outsider)
        assert not User.objects.filter(pk=people.outsider.pk).exists()


def leave(client: Client, way: str, *users: User) -> Any:
    """Have people leave by a page of the admin: the first of them alone, or all by the action of the list."""
    match way:
        case "deactivate":
            return client.post(page(users[0]), {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"})
        case "delete":
            return client.post(page(users[0], "delete"), {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": [str(user.pk) for user in users], "post": "yes"}
    return client.post(listing(User), ticked)


def test_groups_are_for_superusers(people: People) -> None:
    me = staff("auth.view_group", "auth.add_group", "auth.change_group", "auth.delete_group")
    group = Group.objects.create(name="Editors")
    me.groups.add(group)
    client = browser(me)
    everything = {"name": "Editors", "permissions": [str(each.pk) for each in Permission.objects.all()]}
    for address in (page(group), "/admin/auth/group/add/", page(group, "delete")):
        assert client.post(address, {**everything, "post": "yes"}).status_code == 403
    assert client.get(page(group)).status_code == 200
    assert not group.permissions.exists()
    root = browser(superuser())
    root.post(page(group), {"name": "Editors", "permissions": everything["permissions"][:2]})
    assert group.permissions.count() == 2


class TestInviting:
    """The page of an environment that invites: for superusers, and staff who are its admins."""

    def test_superusers_invite_and_see_the_link_once(self, people: People) -> None:
        root = browser(superuser())
        address = f"/admin/accounts/environment/{people.elsewhere.pk}/invite"
        assert f"{address}/" in root.get(page(people.elsewhere)).content.decode()
        assert "the first person to open it" in root.get(f"{address}/").content.decode()
        assert not Invitation.objects.exists()
        answer = root.post(f"{address}/", {"role": "viewer", "note": "For Nina"})
        path = link_in(answer.content.decode())
        assert "no-store" in answer["Cache-Control"]
        token = path.rpartition("/")[2]
        listed = root.get(listing(Invitation)).content.decode()
        assert "For Nina" in listed
        assert token not in listed + root.get(page(Invitation.objects.get())).content.decode()
        assert Client().post(f"{path}/join", account_form()).status_code == 302
        assert Membership.objects.get(user__username="nina").environment == people.elsewhere

    def test_staff_need_the_permission_and_the_role_there(self, people: People) -> None:
        me = staff("accounts.view_environment", "accounts.view_invitation")
        address, form = f"/admin/accounts/environment/{people.elsewhere.pk}/invite/", {"role": "admin"}
        client = browser(me)
        assert client.post(address, form).status_code == 403
        me.user_permissions.add(Permission.objects.get(codename="add_invitation"))
        assert client.post(address, form).status_code == 403
        membership = Membership.objects.create(environment=people.elsewhere, user=me, role=Role.OPERATOR)
        assert client.get(address).status_code == client.post(address, form).status_code == 403
        assert not Invitation.objects.exists()
        Membership.objects.filter(pk=membership.pk).update(role=Role.ADMIN)
        assert re.search(r"pbinv_\w+", client.post(address, form).content.decode())

    def test_pending_invitations_are_listed_filtered_and_withdrawn(self, people: People) -> None:
        environment = Environment.objects.get(name="Production")
        waiting = invite(environment, people.owner, role=Role.VIEWER, note="Waiting one")
        expired = invite(people.elsewhere, people.outsider, role=Role.VIEWER, note="Expired one").invitation
        Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
        root = browser(superuser())
        for state, shown, hidden in (("waiting", "Waiting", "Expired"), ("expired", "Expired", "Waiting")):
            words = root.get(listing(Invitation, state=state)).content.decode()
            assert f"{shown} one" in words
            assert f"{hidden} one" not in words
        query = {"environment__id__exact": str(people.elsewhere.pk)}
        assert "Waiting one" not in root.get(listing(Invitation, **query)).content.decode()
        assert root.post(page(waiting.invitation), {"role": "admin"}).status_code == 403
        assert root.post("/admin/accounts/invitation/add/", {"role": "admin"}).status_code == 403
        assert "1 invitation withdrawn" in act(root, "withdraw", waiting.invitation)
        assert Client().get(str(waiting.path)).status_code == 404
        assert AuditEntry.objects.latest("pk").action == "invitation.withdrawn"
        assert "0 invitations withdrawn" in act(root, "withdraw", waiting.invitation)

    def test_who_may_only_see_invitations_withdraws_none(self, people: People) -> None:
        offer = invite(people.elsewhere, people.outsider, role=Role.VIEWER)
        act(browser(staff("accounts.view_invitation")), "withdraw", offer.invitation)
        assert Client().get(str(offer.path)).status_code == 200
        assert browser(User.objects.create(username="other", is_staff=True)).get(listing(Invitation)).status_code == 403
