"""Invitations by mail: bound to the address, seen by its reader alone, sent once the mail server takes them."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Invitation, Membership, Role, User
from accounts.people.invitations import invite, withdraw
from accounts.tasks import send_invitations
from tests.invitations import account_form, link_in
from tests.mail_server import UNWILLING, have_mail
from tests.people import People
from tests.portal_site import browser

ADDRESS = "nina@example.com"


@pytest.fixture(autouse=True)
def _mail_server(settings: Any) -> None:
    have_mail(settings)


@pytest.fixture
def ana(people: People) -> Client:
    return browser(people.owner)


def invited(client: Client, address: str = ADDRESS, role: str = "operator") -> str:
    """Invite an address; return the page that the inviter sees."""
    form = {"email": address, "role": role, "note": ""}
    return client.post("/people/invite", form, follow=True).content.decode()


def mailed() -> str:
    """Have the worker send, and return the link in the newest mail."""
    send_invitations()
    return link_in(str(mail.outbox[-1].body))


def later(minutes: int) -> None:
    """Have what was done until now be so much older for what the audit record counts."""
    AuditEntry.objects.update(at=F("at") - timedelta(minutes=minutes))


def test_the_link_goes_to_the_address_and_nowhere_else(ana: Client) -> None:
    page = invited(ana)
    assert "pbinv_" not in page
    assert f"goes to {ADDRESS}" in page
    assert Invitation.objects.get().digest is None  # nobody knows a token yet, not even a message broker
    path = mailed()
    [message] = mail.outbox
    assert (message.to, message.subject) == ([ADDRESS], "Invitation to Production on Patchbay")
    for words in ("ana invites you to Production", 'role "operator"', "works once"):
        assert words in message.body
    row = Invitation.objects.get()
    assert path.endswith(row.last_four)
    assert "pbinv_" not in ana.get("/people").content.decode() + str(list(AuditEntry.objects.values_list("details")))
    assert send_invitations() == 0
    assert len(mail.outbox) == 1


def test_somebody_new_gets_the_invited_address_and_no_other(ana: Client) -> None:
    invited(ana)
    path = mailed()
    assert ADDRESS in Client().get(path).content.decode()
    Client().post(f"{path}/join", {**account_form(), "email": "other@example.com"})
    assert User.objects.get(username="nina").email == ADDRESS


@pytest.mark.parametrize("own", ["", "nina@example.org", "nina@example.com.evil.example", "nina@examp\u212ae.com"])
def test_somebody_with_another_address_is_refused_in_words(ana: Client, people: People, own: str) -> None:
    invited(ana)
    path = mailed()
    User.objects.filter(pk=people.outsider.pk).update(email=own)
    visitor = browser(people.outsider)
    page = visitor.get(path).content.decode()
    assert "is not the address of max" in page
    assert "/accept" not in page
    for answer in ("accept", "decline"):
        response = visitor.post(f"{path}/{answer}")
        assert response.status_code == 422
        assert "is not the address of max" in response.content.decode()
    assert not Membership.objects.filter(user=people.outsider, environment__name="Production").exists()
    assert Client().get(path).status_code == 200


def test_letters_that_fold_into_others_do_not_make_an_address_fit(ana: Client, people: People) -> None:
    invited(ana, "mike@example.com")
    path = mailed()
    User.objects.filter(pk=people.outsider.pk).update(email="mi\u212ae@example.com")  # the Kelvin sign
    assert browser(people.outsider).post(f"{path}/accept").status_code == 422


def test_somebody_with_the_address_accepts_whatever_its_case(ana: Client, people: People) -> None:
    invited(ana)
    path = mailed()
    User.objects.filter(pk=people.outsider.pk).update(email="Nina@Example.com")
    assert browser(people.outsider).post(f"{path}/accept").status_code == 302
    assert Membership.objects.get(user=people.outsider, environment__name="Production").role == "operator"


def test_an_address_is_invited_once_at_a_time(ana: Client) -> None:
    invited(ana)
    assert "is already waiting" in invited(ana, ADDRESS.upper())
    assert Invitation.objects.count() == 1


def test_a_new_mail_kills_the_link_of_the_previous_one(ana: Client) -> None:
    invited(ana)
    old = mailed()
    row = Invitation.objects.get()
    assert "Mail a new link" in ana.get("/people").content.decode()
    later(10)
    ana.post(f"/people/invited/{row.pk}/renew")
    assert Client().get(old).status_code == 404
    new = mailed()
    assert new != old
    assert Client().get(new).status_code == 200


@pytest.mark.parametrize("end", ["withdrawn", "inviter demoted", "expired"])
def test_nothing_is_sent_any_more_once_it_has_ended(ana: Client, people: People, end: str) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        invited(ana)
        match end:
            case "withdrawn":
                ana.post(f"/people/invited/{Invitation.objects.get().pk}/withdraw")
            case "inviter demoted":
                Membership.objects.filter(user=people.owner).update(role="viewer")
            case "expired":
                clock.shift(timedelta(days=8))
        assert send_invitations() == 0
    assert not mail.outbox


def test_a_mail_server_that_refuses_is_tried_again_later_and_not_for_ever(
    ana: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = UNWILLING
    with time_machine.travel(timezone.now(), tick=False) as clock:
        invited(ana)
        assert send_invitations() == 0
        assert Invitation.objects.get().send_attempts == 1
        assert send_invitations() == 0
        assert Invitation.objects.get().send_attempts == 1  # a pause first
        assert "Is being mailed" in ana.get("/people").content.decode()
        settings.EMAIL_BACKEND = working
        clock.shift(timedelta(minutes=1))
        assert Client().get(mailed()).status_code == 200
        later(10)
        ana.post(f"/people/invited/{Invitation.objects.get().pk}/renew")
        settings.EMAIL_BACKEND = UNWILLING
        for _ in range(20):
            send_invitations()
            clock.shift(timedelta(hours=3))
    assert Invitation.objects.get().send_attempts == 8
    assert "Could not be mailed" in ana.get("/people").content.decode()
    assert "could not be mailed: SMTPRecipientsRefused" in caplog.text
    assert not re.search(rf"pbinv_\w|{ADDRESS}", caplog.text)


def test_a_name_with_line_breaks_makes_no_header_of_its_own(ana: Client, people: People) -> None:
    environment = Membership.objects.get(user=people.owner).environment
    environment.name = "Production\nBcc: everybody@example.com"
    environment.save()
    invited(ana)
    mailed()
    assert mail.outbox[0].subject == "Invitation to Production Bcc: everybody@example.com on Patchbay"


def test_without_a_mail_server_no_address_is_taken(ana: Client, settings: Any) -> None:
    invited(ana)
    settings.MAIL_ENABLED = False
    assert send_invitations() == 0
    row = Invitation.objects.get()
    page = ana.post(f"/people/invited/{row.pk}/renew", follow=True).content.decode()
    assert "Mail is not set up any more" in page
    answer = ana.post("/people/invite", {"email": "other@example.com", "role": "viewer"})
    assert link_in(answer.content.decode())
    assert Invitation.objects.filter(email="").count() == 1


class TestHowOften:
    """Mail goes to people who have agreed to nothing yet: so not often, whatever way it is asked for."""

    def test_an_address_gets_one_mail_however_often_a_new_link_is_asked_for(self, ana: Client) -> None:
        invited(ana)
        path = mailed()
        row = Invitation.objects.get()
        for _ in range(20):
            page = ana.post(f"/people/invited/{row.pk}/renew", follow=True).content.decode()
            assert f"A mail was sent to {ADDRESS} only just" in page
            assert "in 10 minutes" in page
            send_invitations()
        assert len(mail.outbox) == 1
        assert Client().get(path).status_code == 200  # a refusal leaves the link as it was
        later(9)
        assert "in 1 minute" in ana.post(f"/people/invited/{row.pk}/renew", follow=True).content.decode()
        later(1)
        ana.post(f"/people/invited/{row.pk}/renew")
        assert mailed() != path

    def test_inviting_again_after_a_withdrawal_waits_as_well(self, ana: Client) -> None:
        invited(ana)
        mailed()
        ana.post(f"/people/invited/{Invitation.objects.get().pk}/withdraw")
        for address in (ADDRESS, ADDRESS.upper()):
            assert "only just" in invited(ana, address)
        assert "goes to other@example.com" in invited(ana, "other@example.com")
        later(10)
        assert f"goes to {ADDRESS}" in invited(ana)

    def test_an_environment_mails_a_hundred_a_day(self, ana: Client, people: People) -> None:
        place = Membership.objects.get(user=people.owner).environment
        for number in range(100):
            offer = invite(place, people.owner, role=Role.VIEWER, email=f"n{number}@example.com")
            withdraw(offer.invitation, people.owner)
        assert "has mailed 100 invitations within a day" in invited(ana)
        form = {"email": ADDRESS, "role": "viewer", "note": ""}
        assert "goes to" in browser(people.outsider).post("/people/invite", form, follow=True).content.decode()
        assert link_in(ana.post("/people/invite", {"email": "", "role": "viewer"}).content.decode())
        later(24 * 60)
        assert f"goes to {ADDRESS}" in invited(ana)

    def test_links_that_are_handed_over_are_renewed_at_once(self, ana: Client) -> None:
        ana.post("/people/invite", {"email": "", "role": "viewer"})
        row = Invitation.objects.get()
        for _ in range(3):
            assert link_in(ana.post(f"/people/invited/{row.pk}/renew").content.decode())
