"""Host names that do not resolve, or whose name server answers nothing: of vendors, of the database, of Redis."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.cluster.copies import Cluster
from tests.cluster.names import PATIENCE_SECONDS, OwnNames, own_names
from tests.cluster.probing import HANGS_SECONDS, Probe, embedded, on_postgresql
from tests.cluster.services import wait_for
from tests.database_faults import Fault, faulty_way
from tests.stack import ROOT, Stack

pytestmark = pytest.mark.cluster

UNKNOWN = "FuseDesk gave no answer: no connection could be made, since its host name cannot be resolved."
NO_DATABASE = (
    "Patchbay cannot start: the database cannot be used (its host name cannot be resolved: Name or service not known); "
    "check that it runs, that DATABASE_URL names it, and that this user may read and write it."
)
CONNECT_SECONDS = 1


@pytest.fixture
def names(tmp_path: Path) -> Iterator[OwnNames]:
    with own_names(tmp_path) as names:
        yield names


def test_a_vendor_whose_name_does_not_resolve_delays_nobody_else(
    names: OwnNames, tmp_path: Path, figures: list[str]
) -> None:
    settings = {"UPSTREAM_PRIVATE_HOSTS": "127.0.0.1,vendor.test", "UPSTREAM_CONNECT_SECONDS": str(CONNECT_SECONDS)}
    names.know("vendor.test")
    with embedded(tmp_path / "data", settings, names.prefix) as probe:
        named = probe.at(f"{probe.desk.simulator.replace('127.0.0.1', 'vendor.test')}/api", "By name")
        names.know()
        unknown = named.read()
        assert unknown.text.startswith(UNKNOWN)
        assert named.write("to nobody").text.startswith(UNKNOWN)
        names.server.swallows = True
        swallowed = named.read()
        assert swallowed.text.startswith("FuseDesk gave no answer: no connection could be made")
        other = probe.read()
        assert other.succeeded
        assert probe.readiness() == (200, {})
        names.know("vendor.test")
        wait_for(lambda: named.write("to a vendor").succeeded, HANGS_SECONDS, "a write that is sent")
        assert not probe.lines_with("  File ")
        assert [note.partition(": ")[2] or note for note in probe.desk.notes()] == ["note to a vendor"]
    figures.append(
        f"vendor's name unknown: told after {unknown.seconds:.2f} s; name server silent: after "
        f"{swallowed.seconds:.2f} s, another account's call {other.seconds:.2f} s"
    )


def test_database_and_redis_whose_names_stop_resolving_cost_no_more_than_if_they_were_away(
    cluster: Cluster, names: OwnNames, tmp_path: Path, figures: list[str]
) -> None:
    with ExitStack() as stack:
        database = stack.enter_context(faulty_way("127.0.0.1", cluster.postgres.port))
        redis = stack.enter_context(faulty_way("127.0.0.1", cluster.redis.port))
        names.know("db.test", "redis.test")
        settings = {
            "DATABASE_URL": f"postgresql://postgres@db.test:{database.port}/names",
            "REDIS_URL": f"redis://redis.test:{redis.port}/3",
        }
        probe = stack.enter_context(on_postgresql(cluster, tmp_path / "data", "names", settings, prefix=names.prefix))
        assert probe.write("before").succeeded
        names.know("db.test")
        names.server.swallows = True
        redis.be(Fault.REFUSING)
        redis.be(Fault.NONE)
        assert probe.until_ready("broker", "layer")[0] == 200
        read, change = probe.read(), timed_rename(probe)
        assert read.succeeded
        names.know()
        database.be(Fault.REFUSING)
        database.be(Fault.NONE)
        wait_for(lambda: not probe.read().succeeded, HANGS_SECONDS, "a refusal")
        refused = probe.write("without a database")
        assert refused.response.status_code == 503
        assert refused.text.endswith("Nothing was sent.")
        assert httpx.get(f"{probe.url}/livez", timeout=HANGS_SECONDS).status_code == 200
        assert probe.readiness()[0] == 503
        names.know("db.test", "redis.test")
        wait_for(lambda: probe.write("after").succeeded, HANGS_SECONDS, "a write that is sent")
        assert probe.until_ready() == (200, {})
        assert not probe.lines_with("  File ")
        assert sorted(note.partition(": ")[2] or note for note in probe.desk.notes()) == ["note after", "note before"]
    figures.append(
        f"Redis' name does not resolve: a read took {read.seconds:.2f} s, a change {change:.2f} s; nor the database's: "
        f"refused within {refused.seconds:.2f} s"
    )
    assert max(read.seconds, refused.seconds) < PATIENCE_SECONDS


def timed_rename(probe: Probe) -> float:
    began = time.monotonic()
    assert probe.rename().status_code == 200
    return time.monotonic() - began


def test_a_start_with_a_database_of_an_unknown_name_says_so(names: OwnNames, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "postgresql://postgres:s3cret@no-such-host.test/patchbay"}
    stack = Stack(tmp_path / "data", settings=settings)
    for command in ("migrate", "up"):
        done = subprocess.run(
            [*names.prefix, sys.executable, "manage.py", command],
            cwd=ROOT,
            env=stack.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr == f"{NO_DATABASE}\n"
