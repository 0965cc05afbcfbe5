"""TLS that cannot be agreed on: with vendors, with the database, with Redis. Nothing is ever sent unencrypted."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster.certificates import Authority
from tests.cluster.copies import Cluster
from tests.cluster.probing import Probe, embedded
from tests.cluster.tls_vendor import Manners, TlsVendor
from tests.stack import Stack

pytestmark = pytest.mark.cluster

UNREACHED = "FuseDesk gave no answer: no connection could be made"


def test_a_vendor_whose_tls_fails_is_told_with_the_reason_and_gets_nothing(tmp_path: Path, figures: list[str]) -> None:
    authority = Authority(tmp_path)
    settings = {
        "SSL_CERT_FILE": str(authority.file),
        "UPSTREAM_PRIVATE_HOSTS": "127.0.0.1",
        "UPSTREAM_CONNECT_SECONDS": "1",
        "UPSTREAM_CIRCUIT_FAILURES": "0",
    }
    with embedded(tmp_path / "data", settings) as probe, vendor_of(probe, authority) as vendor:
        named = probe.at(f"{vendor.url}/api", "By TLS")
        assert named.write("in order").succeeded
        for what, certificate, words in (
            ("expired", authority.certificate(ends=timedelta(days=-1)), ", since its TLS certificate has expired."),
            ("self-signed", authority.certificate(by_itself=True), ", since its TLS certificate is one that it signed"),
            ("another host's", authority.certificate("192.0.2.1"), ", since its TLS certificate is for another"),
        ):
            vendor.certificate = certificate
            figures.append(f"vendor's certificate {what}: told after {check_unreached(named, words):.2f} s")
        for manners, words in (
            (Manners.NEVER_SHAKING_HANDS, " in time."),
            (Manners.CLOSING, "."),
            (Manners.PLAIN, ", since it does not speak TLS as this address demands."),
        ):
            vendor.manners = manners
            figures.append(f"vendor's TLS {manners.name}: told after {check_unreached(named, words):.2f} s")
        assert probe.read().succeeded
        assert probe.readiness() == (200, {})
        vendor.manners, vendor.certificate = Manners.SERVING, authority.certificate()
        assert named.write("in order again").succeeded
        assert not probe.lines_with("  File ")
        notes = [note.partition(": ")[2] or note for note in probe.desk.notes()]
        assert sorted(notes) == ["note in order", "note in order again"]


def vendor_of(probe: Probe, authority: Authority) -> "closing[TlsVendor]":
    where = urlsplit(probe.desk.simulator)
    return closing(TlsVendor((str(where.hostname), int(where.port or 0)), authority.certificate()))


def check_unreached(named: Probe, words: str) -> float:
    """Check what a model is told of a read and of a write; return how long the read took."""
    read = named.read()
    assert read.text.startswith(UNREACHED + words), read.text
    assert named.write("that nobody may read").text.startswith(UNREACHED + words)
    return read.seconds


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_database_without_tls_is_not_used_where_tls_is_demanded(cluster: Cluster, tmp_path: Path, mode: str) -> None:
    stack = Stack(tmp_path / "data", settings={"DATABASE_URL": f"{cluster.postgres.url}?sslmode={mode}"})
    done = stack.try_to_manage("migrate")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Patchbay cannot start: the database cannot be used (")
    assert "server does not support SSL, but SSL was required" in done.stderr


def test_redis_without_tls_is_not_used_where_tls_is_demanded_and_calls_go_on(cluster: Cluster, tmp_path: Path) -> None:
    with embedded(tmp_path / "data", {"REDIS_URL": f"rediss://127.0.0.1:{cluster.redis.port}/4"}) as probe:
        assert probe.read().succeeded
        assert probe.write("without Redis").succeeded
        assert probe.rename().status_code == 200
        status, parts = probe.until_ready("broker", "layer")
        assert (status, parts["broker"]) == (200, "no answer within 1 s")
        assert not probe.lines_with("  File ")
