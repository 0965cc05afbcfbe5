"""Invitations: whoever is invited joins by accepting, and nobody gets hold of somebody else by inviting them."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import AuditEntry, Environment, Invitation, Membership, Role, User
from accounts.people.invitations import accept_as, invite
from tests.invitations import PASSWORD, account_form, invited, link_in
from tests.people import People
from tests.portal_site import browser, has_strict_policy, shown_for

NOT_USABLE = "This invitation cannot be used"


@pytest.fixture
def ana(people: People) -> Client:
    return browser(people.owner)


def roles(user: User) -> dict[str, str]:
    """Return somebody's roles by environment."""
    return dict(user.memberships.values_list("environment__name", "role"))


def actions() -> list[tuple[str, str]]:
    """Return what the audit record tells, oldest first, with who did it."""
    return list(AuditEntry.objects.order_by("pk").values_list("action", "actor"))


class TestOfOtherEnvironments:
    """An admin of one environment has no way to people of another: the faults that this replaced."""

    def test_a_persons_password_is_never_set_by_an_invitation(self, ana: Client, people: People) -> None:
        before = User.objects.get(pk=people.outsider.pk).password
        path = invited(ana, "viewer", note=people.outsider.username)
        visitor = Client()
        answer = visitor.post(f"{path}/join", account_form(people.outsider.username))
        assert answer.status_code == 422
        assert "already exists" in answer.content.decode()
        assert User.objects.get(pk=people.outsider.pk).password == before
        assert roles(people.outsider) == {"Elsewhere": "admin"}
        assert "_auth_user_id" not in visitor.session

    def test_somebody_who_never_signed_in_is_not_taken_over_either(self, ana: Client, people: People) -> None:
        victim = User(username="victor")
        victim.set_unusable_password()
        victim.save()
        Membership.objects.create(environment=people.elsewhere, user=victim, role=Role.ADMIN)
        for name in ("victor", "VICTOR"):
            path = invited(ana, "viewer", note=name)
            assert Client().post(f"{path}/join", account_form(name)).status_code == 422
        victim.refresh_from_db()
        assert not victim.has_usable_password()
        assert Client().get("/welcome/MTI/abc-def").status_code == 404

    def test_a_squatted_name_gains_nothing_when_its_owner_is_invited_elsewhere(
        self, ana: Client, people: People
    ) -> None:
        max_ = browser(people.outsider)
        squatted = Client()
        squatted.post(f"{invited(max_, 'viewer', note='nina')}/join", account_form("nina"))
        path = invited(ana, "admin", note="nina")
        squatter = User.objects.get(username="nina")
        assert roles(squatter) == {"Elsewhere": "viewer"}
        new = Client()
        assert new.post(f"{path}/join", account_form("nina")).status_code == 422
        assert new.post(f"{path}/join", account_form("nina.novak")).status_code == 302
        assert roles(squatter) == {"Elsewhere": "viewer"}
        assert roles(User.objects.get(username="nina.novak")) == {"Production": "admin"}

    def test_inviting_says_nothing_of_whether_somebody_is_known(
        self, ana: Client, people: People, settings: object
    ) -> None:
        settings.MAIL_ENABLED = True  # type: ignore[attr-defined]
        User.objects.filter(pk=people.outsider.pk).update(email="known@example.com")
        answers = [
            ana.post("/people/invite", {"email": f"{name}@example.com", "role": "viewer"}, follow=True).content.decode()
            for name in ("known", "nobody")
        ]
        said = [re.findall(r"<p>(The invitation goes to [^<]*)</p>", page) for page in answers]
        assert [[words.replace("known", "nobody") for words in each] for each in said[:1]] == said[1:]

    def test_a_person_joins_by_their_own_act_alone(self, ana: Client, people: People) -> None:
        for form in ({"username": "max", "role": "admin"}, {"username": "nina", "role": "viewer"}):
            assert ana.post("/people/add", form).status_code == 404
        assert roles(people.outsider) == {"Elsewhere": "admin"}
        path = invited(ana, "viewer", note="max")
        assert roles(people.outsider) == {"Elsewhere": "admin"}
        browser(people.outsider).post(f"{path}/accept")
        assert roles(people.outsider) == {"Elsewhere": "admin", "Production": "viewer"}

    def test_invitations_of_others_can_be_neither_renewed_nor_withdrawn(self, ana: Client, people: People) -> None:
        theirs = invited(browser(people.outsider), "viewer")
        row = Invitation.objects.get()
        for action in ("renew", "withdraw"):
            assert ana.post(f"/people/invited/{row.pk}/{action}").status_code == 404
        assert Client().get(theirs).status_code == 200
        assert "Link handed out" not in ana.get("/people").content.decode()


class TestInviting:
    """Who may, what is shown, and what is asked."""

    def test_admins_invite_and_nobody_else(self, people: People) -> None:
        owner, operator, teammate = (browser(each) for each in (people.owner, people.operator, people.teammate))
        path = invited(owner, "viewer", note="For Nina")
        row = Invitation.objects.get()
        for client in (operator, teammate):
            assert client.post("/people/invite", {"role": "viewer"}).status_code == 403
            assert client.post(f"/people/invited/{row.pk}/renew").status_code == 403
            assert client.post(f"/people/invited/{row.pk}/withdraw").status_code == 403
            page = client.get("/people").content.decode()
            assert "For Nina" not in page
            assert "people/invite" not in page
        for name in ("invite", f"invited/{row.pk}/renew", f"invited/{row.pk}/withdraw"):
            assert owner.get(f"/people/{name}").status_code == 405
            assert Client().post(f"/people/{name}").status_code == 302
        assert Client().get(path).status_code == 200

    def test_the_link_is_shown_once_and_kept_as_a_digest(self, ana: Client) -> None:
        answer = ana.post("/people/invite", {"role": "operator", "note": "Nina of support"})
        assert answer["Cache-Control"] == "private, no-store"
        path = link_in(answer.content.decode())
        token = path.rpartition("/")[2]
        row = Invitation.objects.get()
        assert (bytes(row.digest or b""), row.last_four) == (tokens.digest(token), token[-4:])
        assert row.expires_at is not None
        assert row.expires_at - row.created_at == pytest.approx(timedelta(days=7), abs=timedelta(minutes=1))
        page = ana.get("/people").content.decode()
        assert token not in page
        assert f"…{row.last_four}" in page
        assert "Nina of support" in page
        assert token not in repr(row) + str(list(AuditEntry.objects.values_list("details", "target_name")))

    def test_the_page_says_what_will_happen_before_anybody_presses_a_button(
        self, ana: Client, settings: object
    ) -> None:
        page = ana.get("/people").content.decode()
        assert "the first person to open it and accept joins" in page
        assert "need a mail server" in page
        assert 'name="email"' not in page
        settings.MAIL_ENABLED = True  # type: ignore[attr-defined]
        page = ana.get("/people").content.decode()
        assert 'name="email"' in page
        assert "shown to nobody here" in page

    @pytest.mark.parametrize(
        "form", [{"role": "owner"}, {}, {"role": "viewer", "note": "x" * 81}, {"role": "viewer", "email": "no address"}]
    )
    def test_what_cannot_be_invited_is_refused_and_nobody_is(
        self, ana: Client, form: dict[str, str], settings: object
    ) -> None:
        settings.MAIL_ENABLED = True  # type: ignore[attr-defined]
        assert ana.post("/people/invite", form).status_code == 422
        assert not Invitation.objects.exists()

    def test_no_more_invitations_wait_than_anybody_looks_through(
        self, ana: Client, environment: Environment, people: People
    ) -> None:
        for _ in range(100):
            invite(environment, people.owner, role=Role.VIEWER)
        answer = ana.post("/people/invite", {"role": "viewer"})
        assert answer.status_code == 422
        assert "Withdraw those" in answer.content.decode()

    def test_a_new_link_kills_the_previous_one(self, ana: Client) -> None:
        old = invited(ana)
        row = Invitation.objects.get()
        new = link_in(ana.post(f"/people/invited/{row.pk}/renew").content.decode())
        assert new != old
        assert Client().get(old).status_code == 404
        assert Client().get(new).status_code == 200
        assert Invitation.objects.count() == 1

    def test_every_step_is_in_the_audit_record(self, ana: Client, people: People) -> None:
        row_path = invited(ana, "viewer")
        row = Invitation.objects.get()
        row_path = link_in(ana.post(f"/people/invited/{row.pk}/renew").content.decode())
        browser(people.outsider).post(f"{row_path}/accept")
        ana.post(f"/people/invited/{Invitation.objects.get(pk=row.pk).pk}/withdraw")
        path = invited(ana, "viewer")
        latest = Invitation.objects.exclude(pk=row.pk).get()
        ana.post(f"/people/invited/{latest.pk}/withdraw")
        declined = invited(ana, "viewer")
        nobody = User.objects.create_user("nobody")
        browser(nobody).post(f"{declined}/decline")
        assert Client().get(path).status_code == Client().get(declined).status_code == 404
        assert actions() == [
            ("invitation.created", "ana"),
            ("invitation.renewed", "ana"),
            ("membership.added", "max"),
            ("invitation.accepted", "max"),
            ("invitation.created", "ana"),
            ("invitation.withdrawn", "ana"),
            ("invitation.created", "ana"),
            ("invitation.declined", "nobody"),
        ]
        page = ana.get("/audit?what=invitation").content.decode()
        assert "Invitation accepted" in page
        assert "Member added" not in page


class TestAnswering:
    """What whoever opens a link sees, and what accepting does."""

    def test_somebody_new_makes_an_account_and_is_in(self, ana: Client) -> None:
        path = invited(ana, "operator")
        visitor = Client()
        page = visitor.get(path).content.decode()
        for words in ("Production", "Operator: makes MCP servers", "ana", "I have an account", "I am new here"):
            assert words in page
        weak = {**account_form(), "password1": "123", "password2": "123"}
        assert visitor.post(f"{path}/join", weak).status_code == 422
        assert not User.objects.filter(username="nina").exists()
        answer = visitor.post(f"{path}/join", account_form(), follow=True)
        assert "You belong to Production now, as operator." in answer.content.decode()
        nina = User.objects.get(username="nina")
        assert (nina.get_full_name(), nina.email, roles(nina)) == ("Nina Novak", "", {"Production": "operator"})
        assert not nina.is_staff
        assert Client().post("/sign-in", {"username": "nina", "password": PASSWORD}).status_code == 302

    def test_more_than_is_asked_for_is_not_taken(self, ana: Client) -> None:
        extra = {"is_staff": "on", "is_superuser": "on", "role": "admin", "email": "a@example.com", "id": "1"}
        Client().post(f"{invited(ana, 'viewer')}/join", {**account_form(), **extra})
        nina = User.objects.get(username="nina")
        assert (nina.is_staff, nina.is_superuser, nina.email) == (False, False, "")
        assert roles(nina) == {"Production": "viewer"}

    def test_somebody_with_an_account_signs_in_and_comes_back(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        visitor = Client()
        assert f"/sign-in?next={path.replace('/', '%2F')}" in visitor.get(path).content.decode()
        form = {"username": "max", "password": "max-pass-1", "next": path}
        answer = visitor.post("/sign-in", form)
        assert answer["Location"] == path
        page = visitor.get(path).content.decode()
        for words in ("Production", "Viewer: reads", "Invited by", "Good until", "<strong>max</strong>", "Decline"):
            assert words in page
        visitor.post(f"{path}/accept")
        assert roles(people.outsider) == {"Elsewhere": "admin", "Production": "viewer"}

    def test_signing_in_as_somebody_else_leads_back_to_the_invitation(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        visitor = browser(people.outsider)
        page = visitor.get(path).content.decode()
        assert f'<input type="hidden" name="next" value="{path}">' in page
        assert visitor.post("/sign-out", {"next": path})["Location"] == path
        assert "I have an account" in visitor.get(path).content.decode()

    def test_looking_changes_nothing_and_answering_takes_a_post(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        before = list(Invitation.objects.values())
        for client in (Client(), browser(people.outsider), ana):
            assert client.get(path).status_code == client.head(path).status_code == 200
            for answer in ("accept", "decline", "join"):
                assert client.get(f"{path}/{answer}").status_code == 405
            assert client.post(path).status_code == 405
        assert list(Invitation.objects.values()) == before
        for answer in ("accept", "decline"):
            assert Client().post(f"{path}/{answer}")["Location"] == path
        assert browser(people.outsider).post(f"{path}/join", account_form())["Location"] == path
        assert list(Invitation.objects.values()) == before

    def test_the_page_is_kept_out_of_caches_and_referrers(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        for client in (Client(), browser(people.outsider)):
            for address in (path, "/invitations/unknown"):
                response = client.get(address)
                assert "no-store" in response["Cache-Control"]
                assert response["Referrer-Policy"] == "strict-origin"
                assert has_strict_policy(response)

    def test_forgery_is_refused(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        forged = Client(enforce_csrf_checks=True)
        forged.force_login(people.outsider)
        for answer in ("accept", "decline"):
            assert forged.post(f"{path}/{answer}").status_code == 403
        assert Client(enforce_csrf_checks=True).post(f"{path}/join", account_form()).status_code == 403
        assert roles(people.outsider) == {"Elsewhere": "admin"}

    def test_a_member_is_told_so_and_keeps_the_role(self, ana: Client, people: People) -> None:
        for user, role, offered in ((people.teammate, "viewer", "admin"), (people.owner, "admin", "viewer")):
            path = invited(ana, offered)
            client = browser(user)
            assert f"You already belong to Production, as {role}" in client.get(path).content.decode()
            answer = client.post(f"{path}/accept")
            assert answer.status_code == 422
            assert f"You already belong to Production, as {role}" in answer.content.decode()
            assert client.post(f"{path}/decline").status_code == 422
            assert roles(user) == {"Production": role}
            assert Client().get(path).status_code == 200  # it stays for whom it was meant

    def test_what_cannot_be_used_is_one_answer_for_all_reasons(self, ana: Client, people: People) -> None:
        used, withdrawn, expired = invited(ana), invited(ana), invited(ana, note="expired")
        Client().post(f"{used}/join", account_form("user1"))
        ana.post(f"/people/invited/{Invitation.objects.get(last_four=withdrawn[-4:]).pk}/withdraw")
        expire = Invitation.objects.filter(last_four=expired[-4:])
        assert expire.update(expires_at=timezone.now() - timedelta(seconds=1)) == 1
        fresh = tokens.mint(tokens.INVITATION_PREFIX).value
        unknown = [
            "/invitations/" + name for name in (fresh, "x", "pbinv_", "%00", "é" * 60, fresh + "/..", "pbinv_" * 999)
        ]
        pages = set()
        for path in (used, withdrawn, expired, unknown[0]):
            response = Client().get(path)
            assert response.status_code == 404
            pages.add(response.content.decode())
            # Who is signed in has no account to make, and who is not has nothing to answer with: both are led back.
            for answer, signed_in, stranger in (("accept", 404, 302), ("decline", 404, 302), ("join", 302, 404)):
                assert browser(people.outsider).post(f"{path}/{answer}").status_code == signed_in
                assert Client().post(f"{path}/{answer}", account_form("user2")).status_code == stranger
        assert len(pages) == 1
        assert NOT_USABLE in pages.pop()
        assert all(Client().get(path).status_code == 404 for path in unknown)
        assert not User.objects.filter(username="user2").exists()
        assert roles(people.outsider) == {"Elsewhere": "admin"}

    def test_it_is_good_for_seven_days(self, ana: Client) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            path = invited(ana)
            clock.shift(timedelta(days=7) - timedelta(seconds=1))
            assert Client().get(path).status_code == 200
            clock.shift(timedelta(seconds=1))
            assert Client().get(path).status_code == 404
            assert "Expired" in browser(User.objects.get(username="ana")).get("/people").content.decode()

    @pytest.mark.parametrize("fate", ["demoted", "removed", "deactivated", "deleted"])
    def test_it_falls_when_its_inviter_may_invite_no_more(self, ana: Client, people: People, fate: str) -> None:
        path = invited(ana, "admin")
        production = Environment.objects.get(name="Production")
        Membership.objects.create(environment=production, user=people.outsider, role="admin")
        match fate:
            case "demoted":
                Membership.objects.filter(user=people.owner).update(role="operator")
            case "removed":
                Membership.objects.filter(user=people.owner).delete()
            case "deactivated":
                User.objects.filter(pk=people.owner.pk).update(is_active=False)
            case "deleted":
                people.owner.delete()
        somebody = User.objects.create_user("somebody")
        assert Client().get(path).status_code == 404
        assert browser(somebody).post(f"{path}/accept").status_code == 404
        assert Client().post(f"{path}/join", account_form()).status_code == 404
        assert not roles(somebody)
        # Another admin answers for it by making a new link.
        max_ = browser(people.outsider)
        max_.post("/environment", {"environment": str(production.pk)})
        row = Invitation.objects.get()
        renewed = link_in(max_.post(f"/people/invited/{row.pk}/renew", shown_for(production)).content.decode())
        assert browser(somebody).post(f"{renewed}/accept").status_code == 302
        assert roles(somebody) == {"Production": "admin"}

    def test_a_superuser_answers_for_invitations_without_being_a_member(
        self, environment: Environment, people: People
    ) -> None:
        root = User.objects.create_superuser("root")
        offer = invite(environment, root, role=Role.ADMIN)
        browser(people.outsider).post(f"{offer.path}/accept")
        assert roles(people.outsider)["Production"] == "admin"

    def test_the_role_is_the_one_that_was_offered(self, ana: Client, people: People) -> None:
        path = invited(ana, "viewer")
        browser(people.outsider).post(f"{path}/accept", {"role": "admin", "environment": str(people.elsewhere.pk)})
        assert roles(people.outsider)["Production"] == "viewer"


class TestTwoAtOnce:
    """A link makes one member, however many press the button together."""

    @pytest.mark.django_db(transaction=True)
    def test_two_who_accept_at_once_yield_one_member(self, environment: Environment, people: People) -> None:
        offer = invite(environment, people.owner, role=Role.VIEWER)
        path, start = offer.path, threading.Barrier(4)
        users = [User.objects.create_user(f"person{number}") for number in range(4)]
        clients = [browser(user) for user in users]
        statuses = []

        def accept(client: Client) -> None:
            start.wait(10)
            statuses.append(client.post(f"{path}/accept").status_code)
            connections.close_all()

        threads = [threading.Thread(target=accept, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(statuses) == [302, 404, 404, 404]
        assert Membership.objects.filter(user__in=users).count() == 1
        assert AuditEntry.objects.filter(action="invitation.accepted").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_admins_who_remove_each_other_at_once_leave_one(self, environment: Environment, people: People) -> None:
        Membership.objects.filter(user=people.operator).update(role=Role.ADMIN)
        rows = list(Membership.objects.filter(environment=environment, role=Role.ADMIN))
        clients = [browser(people.owner), browser(people.operator)]
        start = threading.Barrier(2)

        def remove(client: Client, row: Membership) -> None:
            start.wait(10)
            client.post(f"/people/{row.pk}/remove")
            connections.close_all()

        targets = zip(clients, sorted(rows, key=lambda row: row.user_id == people.owner.pk), strict=True)
        threads = [threading.Thread(target=remove, args=pair) for pair in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert Membership.objects.filter(environment=environment, role=Role.ADMIN).count() == 1


def test_an_environment_with_no_right_to_invite_makes_no_invitation(environment: Environment, people: People) -> None:
    for user in (people.operator, people.teammate, people.outsider):
        with pytest.raises(Exception, match="Only admins of Production"):
            invite(environment, user, role=Role.VIEWER)
    assert not Invitation.objects.exists()


def test_accepting_says_why_it_is_refused(environment: Environment, people: People) -> None:
    offer = invite(environment, people.owner, role=Role.ADMIN)
    with pytest.raises(Exception, match="You already belong to Production, as viewer"):
        accept_as(str(offer.token), people.teammate)


def test_the_list_takes_as_many_queries_for_many_invitations_as_for_one(
    ana: Client, environment: Environment, people: People, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        invite(environment, people.owner, role=Role.VIEWER, note=f"No. {number}")
    ana.get("/people")
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        assert ana.get("/people").status_code == 200
