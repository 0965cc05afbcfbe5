"""Processes with other keys than the database's: they do not serve, and no client notices."""

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cluster.copies import Cluster
from tests.cluster.load import under_load
from tests.cluster.probing import HANGS_SECONDS, on_postgresql
from tests.cluster.services import wait_for
from tests.database_faults import Fault, faulty_way
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.cluster

OTHER = "another-key-of-which-nobody-knows-0123456789"
OTHER_RING = f"k1:{base64.urlsafe_b64encode(os.urandom(32)).decode()}"
WEB = ("-m", "config.serve")
WORKER = ("-m", "config.background", "worker", "--pool", "threads", "--concurrency", "1")
# An empty variable counts as none, in the place of which the embedded default makes a key.
WRONG = [
    (WEB, "TOKEN_KEY", OTHER),
    (WEB, "TOKEN_KEY", ""),
    (WEB, "SECRET_KEY", OTHER),
    (WEB, "CREDENTIAL_KEYS", OTHER_RING),
    (WORKER, "CREDENTIAL_KEYS", OTHER_RING),
]


def test_a_replica_or_worker_with_another_key_does_not_start_and_no_call_fails(cluster: Cluster) -> None:
    with under_load(cluster) as load:
        cluster.end_replica(0)
        for wrong in WRONG:
            check_refused(cluster.replicas[0], *wrong)
        load.more(50)
        cluster.start_replica(0)
        load.more(50)
    assert load.failures == []
    cluster.figures.append(f"wrong keys: {len(WRONG)} starts refused, no call of {load.done:,} failed")


def check_refused(stack: Stack, program: tuple[str, ...], name: str, value: str) -> None:
    """Check that a process ends with one sentence about the key, and without it."""
    done = subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env={**stack.environment, name: value, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS_SECONDS,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "is not the key that this database was used with" in done.stderr
    assert "take the keys from the backup" in done.stderr
    assert "manage.py check_keys" in done.stderr
    assert value not in done.stderr or not value


@pytest.mark.parametrize("program", [WEB, WORKER], ids=["web", "worker"])
def test_one_that_starts_with_another_key_while_the_database_is_away_ends_once_it_is_back(
    cluster: Cluster, program: tuple[str, ...]
) -> None:
    with faulty_way("127.0.0.1", cluster.postgres.port) as way:
        way.be(Fault.REFUSING)
        url = f"postgresql://postgres@127.0.0.1:{way.port}/postgres"
        settings = {**cluster.replicas[0].settings, "DATABASE_URL": url, "TOKEN_KEY": OTHER}
        stack = Stack(cluster.folder / f"late-{way.port}", settings=settings)
        process = stack.start(*program, until="The keys are not checked yet")
        try:
            way.be(Fault.NONE)
            assert process.wait(HANGS_SECONDS) == 1
        finally:
            stack.end(process, signal.SIGKILL)
    said = [line for line in stack.output if "The process ends: TOKEN_KEY is not the key" in line]
    assert len(said) == 1
    assert OTHER not in "".join(stack.output)


def test_texts_under_a_key_that_is_missing_are_the_operator_s_and_nobody_is_told_to_connect_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    """As after a restore of another installation's database beside processes that run."""
    with on_postgresql(cluster, tmp_path / "data", "other_keys", {}) as probe:
        assert probe.write("before").succeeded
        give_key(cluster, "k1.", "k9.")
        wait_for(lambda: not probe.read().succeeded, HANGS_SECONDS, "a call that is refused")
        for answer in (probe.read(), probe.write("with a key that is missing")):
            assert "Patchbay cannot decrypt its stored credentials, so nothing was sent" in answer.text
            assert "only the operator of this Patchbay can put that right" in answer.text
        status, parts = probe.until_ready("keys")
        assert (status, parts["keys"]) == (503, "CREDENTIAL_KEYS:k9 wrong or missing; run `manage.py check_keys`")
        account = probe.rest("GET", f"/integrated-account/{probe.desk.account_id}").json()
        assert account["status"] == "active"
        give_key(cluster, "k9.", "k1.")
        wait_for(lambda: probe.write("after").succeeded, HANGS_SECONDS, "a write that is sent")
        assert probe.until_ready() == (200, {})
        assert not probe.lines_with("  File ")
        assert sorted(note.partition(": ")[2] or note for note in probe.desk.notes()) == ["note after", "note before"]


def give_key(cluster: Cluster, was: str, becomes: str) -> None:
    """Let every account's credentials name another key, and every process notice."""
    with psycopg.connect(cluster.postgres.url_of("other_keys")) as connection:
        connection.execute(
            "UPDATE accounts_integratedaccount SET credentials = %s || substr(credentials, %s), revision = revision + 1"
            " WHERE starts_with(credentials, %s)",
            [becomes, len(was) + 1, was],
        )
        connection.execute("UPDATE accounts_changecount SET number = number + 1")
