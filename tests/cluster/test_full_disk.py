"""A disk without a byte left: what clients are told meanwhile, what is never sent, and what works again by itself."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.cluster.copies import Cluster
from tests.cluster.disks import SmallDisk, small_disk
from tests.cluster.load import ADD_NOTE
from tests.cluster.probing import (
    HANGS_SECONDS,
    Probe,
    ProbeAnswer,
    check_changes_are_refused,
    check_reads_go_on,
    embedded,
    on_postgresql,
)
from tests.cluster.services import wait_for

pytestmark = pytest.mark.cluster

WORKER = ("worker", "--beat", "--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle")
READS = "SELECT 1 FROM tools_call WHERE tool <> ?"
SQLITE_WRITES = "SELECT json_extract(arguments, '$.note'), outcome FROM tools_call WHERE tool = ?"
POSTGRESQL_WRITES = "SELECT arguments->>'note', outcome FROM tools_call WHERE tool = %s"
LOW = {"DISK_LOW_MEGABYTES": "1", "PURGE_INTERVAL_SECONDS": "1", "RECORD_WAIT_SECONDS": "1"}


@contextmanager
def some_disk() -> Iterator[SmallDisk]:
    with tempfile.TemporaryDirectory(prefix="patchbay-disk-") as folder:
        # PostgreSQL, which runs as somebody else, has to find its own folder within.
        Path(folder).chmod(0o711)
        with small_disk(Path(folder, "disk"), 24) as disk:
            yield disk


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    with some_disk() as disk:
        yield disk


@pytest.fixture(scope="module")
def sqlite(disk: SmallDisk) -> Iterator[Probe]:
    """The embedded default, with everything on the small disk."""
    with embedded(disk.folder / "data", LOW) as probe:
        yield probe


def start_worker(probe: Probe) -> None:
    """Start worker and beat, and wait until a task has gone through the broker."""
    schedule, printed = str(probe.stack.folder / "beat-schedule"), len(probe.stack.output)
    probe.stack.start("-m", "celery", "--app", "config", *WORKER, "--schedule", schedule, until="celery@")
    wait_for(lambda: bool(probe.lines_with("succeeded in", printed)), HANGS_SECONDS, "a task that is done")


def refused(probe: Probe, disk: SmallDisk) -> ProbeAnswer:
    """Fill the disk until a write is refused: what the database has in reserve is used up first."""
    answers: list[ProbeAnswer] = []

    def is_refused() -> bool:
        disk.fill()
        answers.append(probe.write(f"{len(answers)} on a full disk"))
        return not answers[-1].succeeded

    wait_for(is_refused, HANGS_SECONDS, "a write that is refused")
    return answers[-1]


def check_nothing_is_lost(probe: Probe, rows: list[tuple[str, str]]) -> None:
    """Check the vendor's notes, and the record's rows of writes, against what was acknowledged."""
    ended = [note for note, outcome in rows if outcome == "ok"]
    assert sorted(ended) == sorted(probe.acknowledged)
    arrived = [note.partition(": ")[2] or note for note in probe.desk.notes()]
    assert sorted(arrived) == sorted(probe.acknowledged)
    assert {outcome for _, outcome in rows} <= {"ok", "failed"}


def test_sqlite_on_a_full_disk_reads_refuses_writes_and_is_whole_once_there_is_space(
    disk: SmallDisk, sqlite: Probe, figures: list[str]
) -> None:
    start_worker(sqlite)
    assert sqlite.write("before").succeeded
    printed, reads = len(sqlite.stack.output), len(sqlite.stack.query(READS, ADD_NOTE))
    answer = refused(sqlite, disk)
    check_reads_go_on(sqlite, answer)
    check_changes_are_refused(sqlite)
    status, parts = sqlite.until_ready("writes", "disk", "record")
    assert (status, parts["writes"]) == (200, "the database's disk is full")
    assert parts["disk"].startswith("0 MB are free where Patchbay writes")
    sqlite.stack.wait_until(lambda: bool(sqlite.lines_with("tasks cannot be sent", printed)))
    disk.free()
    wait_for(lambda: sqlite.write("after").succeeded, HANGS_SECONDS, "a write that is sent")
    assert sqlite.until_ready() == (200, {})
    sqlite.stack.wait_until(lambda: bool(sqlite.lines_with("tasks can be sent again", printed)))
    for words in ("/readyz: disk: 0", "/readyz: writes: the", "tasks cannot be sent", "notice=records_delayed"):
        assert len(sqlite.lines_with(words, printed)) == 1, words
    assert not sqlite.lines_with("  File ", printed)
    wait_for(lambda: len(sqlite.stack.query(READS, ADD_NOTE)) > reads, HANGS_SECONDS, "that read in the record")
    check_nothing_is_lost(sqlite, sqlite.stack.query(SQLITE_WRITES, ADD_NOTE))
    figures.append(f"SQLite on a full disk: a write is refused after {answer.seconds:.2f} s ({answer.text!r})")


def test_a_process_that_starts_on_a_full_disk_serves_once_there_is_space(disk: SmallDisk, sqlite: Probe) -> None:
    while sqlite.stack.processes[1:]:  # all but the vendor
        sqlite.stack.end(sqlite.stack.processes[-1])
    # The last to close takes away SQLite's files beside the database, without which it cannot be read.
    sqlite.stack.query(READS, ADD_NOTE)
    disk.fill()
    sqlite.stack.start_web()
    status, parts = sqlite.readiness()
    assert status == 503
    assert {"database", "disk"} <= parts.keys()
    assert sqlite.read().response.status_code == 503
    answer = sqlite.write("on a full disk")
    assert answer.response.status_code == 503
    assert answer.text.endswith("Nothing was sent.")
    disk.free()
    wait_for(lambda: sqlite.write("after a start").succeeded, HANGS_SECONDS, "a write that is sent")
    assert sqlite.until_ready() == (200, {})
    check_nothing_is_lost(sqlite, sqlite.stack.query(SQLITE_WRITES, ADD_NOTE))


def test_postgresql_whose_disk_is_full_or_that_of_data_dir(
    cluster: Cluster, disk: SmallDisk, figures: list[str]
) -> None:
    with (
        some_disk() as other,
        on_postgresql(cluster, other.folder / "data", "filled", LOW, files=disk.folder) as probe,
    ):
        other.fill()
        assert probe.write("with a full DATA_DIR").succeeded
        assert probe.rename().status_code == 200
        status, parts = probe.until_ready("disk")
        assert (status, parts["disk"][:14]) == (200, "0 MB are free ")
        other.free()
        printed = len(probe.stack.output)
        answer = refused(probe, disk)
        check_reads_go_on(probe, answer)
        # Rows that fit into a page may still be written, and with them the one of `writes`.
        wait_for(lambda: "record" in probe.readiness()[1], HANGS_SECONDS, "a record that is told to wait")
        assert probe.readiness()[0] == 200
        disk.free()
        wait_for(lambda: probe.write("after").succeeded, HANGS_SECONDS, "a write that is sent")
        assert probe.until_ready() == (200, {})
        assert len(probe.lines_with("notice=records_delayed", printed)) == 1
        assert not probe.lines_with("  File ", printed)
        with psycopg.connect(cluster.postgres.url_of("filled")) as connection:
            check_nothing_is_lost(probe, connection.execute(POSTGRESQL_WRITES, [ADD_NOTE]).fetchall())
        figures.append(f"PostgreSQL on a full disk: a write is refused after {answer.seconds:.2f} s ({answer.text!r})")
