"""Secrets of the environment: production starts with none that could be guessed, and says how to make a good one."""

import base64
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import LEAST_CHARACTERS, Secrets, kept_secret, weakness
from tests.full_disk import no_file_may_grow
from tests.stack import ROOT

GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(64),
    "TOKEN_KEY": secrets.token_urlsafe(32),
    "CREDENTIAL_KEYS": "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "METRICS_TOKEN": secrets.token_urlsafe(32),
}


# The embedded default is meant, also where the suite itself runs on services.
EMBEDDED = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}


def started(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the smallest command with these settings."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**EMBEDDED, "DATA_DIR": str(folder), "PUBLIC_URL": "https://patchbay.example.com", **given},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_KEY", "a"),
        ("SECRET_KEY", "a" * 64),
        ("METRICS_TOKEN", "short"),
        ("CREDENTIAL_KEYS", "k1:" + base64.urlsafe_b64encode(bytes(32)).decode()),
        ("CREDENTIAL_KEYS", "k1:" + base64.urlsafe_b64encode(b"short").decode()),
    ],
)
def test_production_does_not_start_with_a_secret_that_could_be_guessed(tmp_path: Path, name: str, value: str) -> None:
    done = started(tmp_path, **{**GOOD, "DEBUG": "0", name: value})
    assert done.returncode != 0
    assert name in done.stderr
    assert "python3 -c" in done.stderr
    assert "Traceback" not in done.stderr
    assert value not in done.stderr or len(value) < 6


def test_production_starts_with_good_secrets(tmp_path: Path) -> None:
    done = started(tmp_path, **GOOD, DEBUG="0")
    assert done.returncode == 0, done.stderr


def test_elsewhere_a_weak_secret_is_only_warned_of(tmp_path: Path) -> None:
    done = started(tmp_path, TOKEN_KEY="a")
    assert done.returncode == 0
    assert "TOKEN_KEY has 1 characters" in done.stderr


def test_elsewhere_a_weak_key_of_the_ring_is_warned_of_too(tmp_path: Path) -> None:
    done = started(tmp_path, CREDENTIAL_KEYS="k1:" + base64.urlsafe_b64encode(bytes(32)).decode())
    assert done.returncode == 0
    assert "32 random bytes in URL-safe Base64 as its key 'k1'" in done.stderr


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    """A power cut may leave one; with an empty key, tokens would be digested under what everybody knows."""
    (tmp_path / "token-key.secret").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match=r"token-key\.secret is empty: put it back .* or delete it"):
        Secrets(tmp_path).get("TOKEN_KEY")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_file_that_an_editor_has_saved_is_the_same_secret(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "token-key.secret").write_bytes("a key\r\n".encode(encoding))
    assert Secrets(tmp_path).get("TOKEN_KEY") == "a key"


def test_a_file_that_is_no_text_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "token-key.secret").write_bytes("a key".encode("utf-16"))
    with pytest.raises(ImproperlyConfigured, match=r"token-key\.secret is not text in UTF-8, .* from the backup"):
        Secrets(tmp_path).get("TOKEN_KEY")


def test_a_variable_that_is_no_text_is_refused_without_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_KEY", "s3cret\udcff")
    with pytest.raises(ImproperlyConfigured) as refused:
        Secrets(tmp_path).get("TOKEN_KEY")
    assert str(refused.value) == "TOKEN_KEY is not text in UTF-8."
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "weak", ["a", "a" * 64, "abcabcabc" * 8, "secret-key" * 5, "abcdefghijklmnopqrstuvwxyz0123456789"]
)
def test_what_could_be_guessed_is_weak(weak: str) -> None:
    assert weakness(weak, LEAST_CHARACTERS)


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
def test_what_is_random_is_not(make: object) -> None:
    assert not any(weakness(make(32), LEAST_CHARACTERS) for _ in range(500))  # type: ignore[operator]  # both take bytes


def test_files_of_the_embedded_default_are_their_users_alone(tmp_path: Path) -> None:
    """New ones, and those that an earlier version made for everybody; what else lies there stays as it is."""
    folder = tmp_path / "data"
    assert started(folder).returncode == 0
    (folder / "broker" / "queue").mkdir(parents=True)
    old = [
        folder / "patchbay.sqlite3-wal",
        folder / "beat-schedule.db",
        folder / "broker" / "queue" / "message",
        folder / "web.log",
    ]
    for path in (*old, folder / "notes.txt"):
        path.write_text("x")
        path.chmod(0o644)
    for path in (folder, folder / "broker", folder / "broker" / "queue"):
        path.chmod(0o755)
    environment = {**EMBEDDED, "DATA_DIR": str(folder)}
    (folder / "patchbay.sqlite3-wal").unlink()
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    made = [path for path in folder.rglob("*") if path.name != "notes.txt"]
    assert folder / "patchbay.sqlite3" in made
    assert {oct(stat.S_IMODE(path.stat().st_mode) & 0o077) for path in [folder, *made]} == {oct(0)}
    assert stat.S_IMODE((folder / "notes.txt").stat().st_mode) == 0o644


def test_on_a_full_disk_a_secret_is_read_and_a_new_one_leaves_nothing_behind(tmp_path: Path) -> None:
    kept, new = tmp_path / "kept.secret", tmp_path / "new.secret"
    kept_secret(kept, "from an earlier start")
    with no_file_may_grow():
        assert kept_secret(kept, "of this start") == "from an earlier start"
        with pytest.raises(OSError, match="too large"):
            kept_secret(new, "of this start")
    assert list(tmp_path.iterdir()) == [kept]
