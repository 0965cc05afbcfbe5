"""A database that takes no writes: a standby, or a file without permission. Reads go on, and no write is sent."""

import os
import shutil
from pathlib import Path

import pytest

from tests.cluster.copies import Cluster
from tests.cluster.probing import (
    HANGS_SECONDS,
    Probe,
    check_changes_are_refused,
    check_reads_go_on,
    embedded,
    on_postgresql,
)
from tests.cluster.services import wait_for

pytestmark = pytest.mark.cluster

# Root may write every file, unless it starts a process without that right.
NOT_ALMIGHTY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
READ_ONLY = "the database is read-only: reads go on, but no write, sign-in or change"


def check(probe: Probe, printed: int) -> None:
    """Check everything that is told while the database is read-only."""
    check_reads_go_on(probe, probe.write("on a read-only database"))
    check_changes_are_refused(probe)
    status, parts = probe.until_ready("writes", "record")
    assert status == 200
    assert parts["writes"].startswith(READ_ONLY)
    # Printed before the answer, but read by a thread.
    probe.stack.wait_until(lambda: bool(probe.lines_with("/readyz: writes: ", printed)))
    assert len(probe.lines_with("/readyz: writes: ", printed)) == 1
    assert not probe.lines_with("  File ", printed)
    assert [note.partition(": ")[2] or note for note in probe.desk.notes()] == ["note before"]


def test_postgresql_that_became_read_only_and_is_a_primary_again(cluster: Cluster, tmp_path: Path) -> None:
    with on_postgresql(cluster, tmp_path / "data", "read_only", {"RECORD_WAIT_SECONDS": "1"}) as probe:
        assert probe.write("before").succeeded
        printed = len(probe.stack.output)
        be_read_only(cluster, "on")
        wait_for(lambda: probe.read().succeeded, HANGS_SECONDS, "a read")
        check(probe, printed)
        be_read_only(cluster, "off")
        wait_for(lambda: probe.write("after").succeeded, HANGS_SECONDS, "a write that is sent")
        assert probe.until_ready() == (200, {})


def be_read_only(cluster: Cluster, state: str) -> None:
    """Let the database be as on a standby, or on a primary; sessions from before end, as in a failover."""
    cluster.postgres.execute(
        f"ALTER DATABASE read_only SET default_transaction_read_only = {state}",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'read_only'",
    )


def test_sqlite_whose_file_may_not_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("Without setpriv (util-linux), root may write every file.")
    with embedded(tmp_path / "data", {"RECORD_WAIT_SECONDS": "1"}) as probe:
        assert probe.write("before").succeeded
        probe.stack.end(probe.stack.processes[-1])
        (probe.stack.folder / "patchbay.sqlite3").chmod(0o400)
        probe.stack.prefix = NOT_ALMIGHTY if os.geteuid() == 0 else ()
        printed = len(probe.stack.output)
        probe.stack.start_web()
        check(probe, printed)
