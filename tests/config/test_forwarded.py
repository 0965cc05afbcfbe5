"""What a proxy says of the client is believed from the proxies that are named, and from nobody else."""

import logging
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from django.conf import settings as project
from django.core.asgi import get_asgi_application
from django.core.checks import run_checks

from accounts.models import FailedSignIns
from accounts.web.client_address import canonical_address, network_of
from config.asgi import application
from tests.people import People
from tests.serving import served

pytestmark = pytest.mark.django_db(transaction=True)


def behind(trusted: list[str], app: Any = application) -> AbstractContextManager[str]:
    """Serve the product as config/serve.py does, with these proxies."""
    return served(app, proxy_headers=bool(trusted), forwarded_allow_ips=trusted)


def seen_address(web: str, forwarded: str) -> str:
    """Have signing in fail with this header; return the address that it is counted under."""
    FailedSignIns.objects.all().delete()
    with httpx.Client(base_url=web) as client:
        client.get("/sign-in")
        form = {"username": "ana", "password": "wrong", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/sign-in", data=form, headers={"X-Forwarded-For": forwarded}).status_code == 200
    return FailedSignIns.objects.get(kind="network").network


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["10.0.0.5"], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.1"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.0/8"], "203.0.113.9", "203.0.113.9"),
        # What a client sent itself stands to the left of what the proxy saw.
        (["127.0.0.1"], "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        # Two proxies, both named; then only the nearer one.
        (["127.0.0.1", "10.0.0.0/24"], "192.0.2.66, 203.0.113.9, 10.0.0.5", "203.0.113.9"),
        (["127.0.0.1"], "203.0.113.9, 10.0.0.5", "10.0.0.5"),
        (["127.0.0.1"], "::ffff:203.0.113.9", "203.0.113.9"),
        (["127.0.0.1"], "2001:db8::1", "2001:db8::/64"),
        (["127.0.0.1"], "<script>, no address", ""),
    ],
)
def test_the_address_is_the_right_one(people: People, trusted: list[str], forwarded: str, seen: str) -> None:
    with behind(trusted) as web:
        assert seen_address(web, forwarded) == seen


@pytest.mark.parametrize(("trusted", "status"), [([], 301), (["127.0.0.1"], 302)])
def test_who_is_no_proxy_makes_no_request_secure(
    people: People, settings: Any, trusted: list[str], status: int
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    # Made anew: middleware reads this setting once.
    with behind(trusted, get_asgi_application()) as web:
        answer = httpx.get(f"{web}/accounts", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == status


def test_the_access_log_has_the_same_address(people: People, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ACCESS_LOG, settings.CLIENT_ADDRESSES = True, "full"
    logging.getLogger("patchbay.access").addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, "patchbay.access"), behind(["127.0.0.1"]) as web:
        httpx.get(f"{web}/sign-in", headers={"X-Forwarded-For": "192.0.2.66, ::ffff:203.0.113.9"})
    logging.getLogger("patchbay.access").removeHandler(caplog.handler)
    assert {getattr(record, "client", None) for record in caplog.records} >= {"203.0.113.9"}


@pytest.mark.parametrize(
    ("written", "one", "network"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.9"),
        ("::FFFF:203.0.113.9", "203.0.113.9", "203.0.113.9"),
        ("2001:0DB8:0:0:1::2", "2001:db8::1:0:0:2", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("", "", ""),
        ("unix:", "", ""),
        ("203.0.113.9\n", "", ""),
    ],
)
def test_addresses_have_one_spelling(written: str, one: str, network: str) -> None:
    assert canonical_address(written) == one
    assert network_of(canonical_address(written)) == network


@pytest.mark.parametrize(("mode", "expected"), [({}, []), ({"FORWARDED_ALLOW_IPS": "10.0.0.0/24"}, ["10.0.0.0/24"])])
def test_nobody_is_believed_unless_named(mode: dict[str, str], expected: list[str], tmp_path: Any) -> None:
    code = "from django.conf import settings; print(settings.FORWARDED_ALLOW_IPS)"
    made = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **mode,
        },
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == str(expected)


@pytest.mark.parametrize(
    ("address", "trusted", "ids"),
    [
        ("https://patchbay.example.com", [], {"patchbay.W001"}),
        ("https://patchbay.example.com", ["*"], {"patchbay.W002"}),
        ("https://patchbay.example.com", ["10.0.0.5"], set()),
        ("http://127.0.0.1:8000", [], set()),
    ],
)
def test_a_check_before_deployment_tells_of_missing_proxies(
    settings: Any, address: str, trusted: list[str], ids: set[str]
) -> None:
    settings.PUBLIC_URL, settings.FORWARDED_ALLOW_IPS = address, trusted
    found = {str(message.id) for message in run_checks(include_deployment_checks=True)}
    assert {each for each in found if each.startswith("patchbay.")} == ids
