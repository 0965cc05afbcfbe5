"""The mail server, read from the environment."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.addresses.mail import mail_settings

SENDER = "Patchbay <patchbay@example.com>"


def test_without_an_address_there_is_no_mail() -> None:
    assert mail_settings("", SENDER) is None


def test_a_server_is_read_with_its_way_of_encrypting() -> None:
    read = mail_settings("smtp://robot:p%40ss@mail.example.com:587?tls=1", SENDER)
    assert read is not None
    assert (read.host, read.port, read.user, read.password) == ("mail.example.com", 587, "robot", "p@ss")
    assert (read.starttls, read.tls, read.sender) == (True, False, SENDER)
    assert "p@ss" not in repr(read)
    read = mail_settings("smtp://mail.example.com:465?ssl=1", SENDER)
    assert read is not None
    assert (read.user, read.starttls, read.tls) == ("", False, True)
    read = mail_settings("submission://mail.example.com", SENDER)
    assert read is not None
    assert (read.port, read.starttls) == (587, True)


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "https://secret@mail.example.com", "smtp://robot:secret@h:port", "console:", "file:///x"],
)
def test_what_is_no_server_stops_the_start_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL cannot be read") as refused:
        mail_settings(url, SENDER)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "Patchbay", "a@b@c", "two@example.com, three@example.com"])
def test_a_server_needs_a_sender(sender: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FROM"):
        mail_settings("smtp://mail.example.com", sender)
