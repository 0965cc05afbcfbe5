"""Refresh among processes that share nothing but the database, and what is left when one of them is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import IntegratedAccount
from tests.accounts.vendors.oauth.grants import LIST, grant_of, let_pass, run
from tests.mcp_client import McpClient
from tests.vendors.authorization_server import AuthorizationServer

Process = subprocess.Popen[str]
Start = Callable[[IntegratedAccount, int], Process]


def database_url() -> str:
    """Return the address of the database of these tests."""
    told: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    return f"postgresql://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT'] or 5432}/{told['NAME']}"


@pytest.fixture
def start(transactional_db: None) -> Iterator[Start]:
    """Starts processes that are ready to call an account; they end with the test."""
    processes: list[Process] = []

    def started(account: IntegratedAccount, calls: int) -> Process:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "UPSTREAM_PRIVATE_HOSTS": "127.0.0.1",
            "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
        }
        command = [sys.executable, "-m", "tests.oauth_caller", str(account.pk), str(calls)]
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def go(*processes: Process) -> list[dict[str, int]]:
    """Have processes call at the same moment; return their answers."""
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=60)[0] or "{}") for process in processes]


@pytest.mark.services
def test_two_processes_with_32_calls_each_cause_one_refresh(
    account: IntegratedAccount, authority: AuthorizationServer, start: Start
) -> None:
    authority.end_access()
    let_pass(account, 3600)
    processes = [start(account, 32), start(account, 32)]
    assert go(*processes) == [{"200": 32}, {"200": 32}]
    assert len(authority.asked) == 1
    assert grant_of(account).version == 2


@pytest.mark.services
def test_a_grant_that_is_refused_is_refused_once_for_all_processes(
    account: IntegratedAccount, authority: AuthorizationServer, start: Start
) -> None:
    authority.revoke()
    processes = [start(account, 8), start(account, 8)]
    assert go(*processes) == [{"ReauthenticationNeeded": 8}, {"ReauthenticationNeeded": 8}]
    assert len(authority.asked) == 1


class TestCrash:
    """A process that ends, or a network that fails, after the vendor has replaced the refresh token."""

    @pytest.fixture
    def crashed(self, account: IntegratedAccount, authority: AuthorizationServer, start: Start) -> IntegratedAccount:
        """An account whose process was killed before it could keep the new tokens."""
        let_pass(account, 3600)
        process = start(account, 1)
        authority.on_token = lambda _: process.send_signal(signal.SIGKILL)
        assert go(process) == [{}]
        assert process.returncode == -signal.SIGKILL
        authority.on_token = None
        assert authority.counts["refresh_token"] == 1
        return account

    async def test_after_a_crash_the_old_token_is_tried_once_and_the_reason_is_told(
        self, crashed: IntegratedAccount, desk: McpClient, authority: AuthorizationServer
    ) -> None:
        grant = await run(grant_of, crashed)
        assert (grant.version, grant.read_tokens()[1]) == (1, "rt-first")
        assert grant.refresh_began_at is not None  # noted before the vendor was asked
        # The lease of the dead process lasts, and so does the access token: it is used, and nobody is asked.
        await run(let_pass, crashed, -3600 + 50)
        await desk.value(LIST)
        assert len(authority.asked) == 1
        await run(let_pass, crashed, 3600)
        for _ in range(2):
            await desk.failure(LIST)
        assert authority.counts["refused"] == 1
        stored = await run(IntegratedAccount.objects.select_related("grant").get)
        assert stored.status == "needs_reauth"
        assert "was lost on the way, so the vendor may have replaced the token then" in stored.problem

    @pytest.mark.parametrize("grace", [True, False])
    async def test_after_a_lost_answer_a_vendor_with_a_grace_period_takes_the_old_token_once_more(
        self, account: IntegratedAccount, desk: McpClient, authority: AuthorizationServer, grace: bool
    ) -> None:
        authority.loses_answers, authority.grace = True, grace
        await run(let_pass, account, 3600)
        assert "No access token could be obtained" in await desk.failure(LIST)
        authority.loses_answers = False
        await run(let_pass, account, 2)
        await (desk.value if grace else desk.failure)(LIST)
        grant = await run(grant_of, account)
        assert (grant.version, grant.interrupted_at is None) == ((2, True) if grace else (1, False))
        assert ("was lost on the way" in grant.problem) is not grace
