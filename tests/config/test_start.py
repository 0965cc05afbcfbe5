"""A start that fails prints one sentence and no traceback, in every process and for every cause."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from config.start import start_failure
from tests.stack import ROOT, Stack, prepared_folder

pytestmark = pytest.mark.e2e

OTHER = "another-key-of-which-nobody-knows-0123456789"
BACKGROUND = ("-m", "config.background")
PROGRAMS = {
    "web": ("-m", "config.serve"),
    "worker": (*BACKGROUND, "worker", "--pool", "threads", "--concurrency", "1"),
    # Beat removes a schedule that it cannot read, so it gets a file of its own in the test's folder.
    "beat": (*BACKGROUND, "beat", "--loglevel", "CRITICAL", "--schedule", "{folder}/beat-schedule"),
    "up": ("manage.py", "up"),
    "migrate": ("manage.py", "migrate"),
}
# The embedded default is meant, also where the suite itself runs on services.
EMBEDDED = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}


@pytest.fixture(scope="module")
def used_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy that has been in use: its database knows its keys."""
    stack = Stack(tmp_path_factory.mktemp("used") / "data")
    shutil.copytree(prepared_folder(), stack.folder)
    stack.manage("issue_api_token", "Production")
    return stack.folder


@pytest.fixture
def stack(used_folder: Path, tmp_path: Path) -> Stack:
    """A copy that has been in use, which is the test's own."""
    stack = Stack(tmp_path / "data")
    shutil.copytree(used_folder, stack.folder)
    return stack


def fail(program: str, stack: Stack, *interpreter: str, **settings: str) -> str:
    """Start a process that cannot start; return its sentence."""
    done = subprocess.run(
        [sys.executable, *interpreter, *(part.format(folder=stack.folder) for part in PROGRAMS[program])],
        cwd=ROOT,
        env={**EMBEDDED, **stack.environment, "LOG_LEVEL": "ERROR", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode not in (0, None), done.stdout
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_setting_that_cannot_be_used(stack: Stack, program: str) -> None:
    assert fail(program, stack, PORT="abc") == (
        "Patchbay cannot start: PORT is 'abc', but takes a whole number from 1 to 65535."
    )


@pytest.mark.parametrize("program", ["web", "worker", "beat", "up"])
def test_another_key_than_the_database_s(stack: Stack, program: str) -> None:
    sentence = fail(program, stack, TOKEN_KEY=OTHER)
    assert "TOKEN_KEY is not the key that this database was used with" in sentence
    assert f"token-key.secret in {stack.folder}" in sentence
    assert OTHER not in sentence


@pytest.mark.parametrize("program", PROGRAMS)
def test_secrets_that_are_gone_from_beside_a_database(stack: Stack, program: str) -> None:
    gone = stack.folder / "token-key.secret"
    gone.unlink()
    sentence = fail(program, stack)
    assert f"token-key.secret is gone from {stack.folder}" in sentence
    assert "put back token-key.secret from the backup" in sentence
    assert not gone.exists()  # a new one would hide the loss


@pytest.mark.parametrize("program", ["web", "worker", "migrate"])
def test_a_folder_that_cannot_be_written(stack: Stack, program: str) -> None:
    file = stack.folder / "a-file"
    file.write_text("")
    sentence = fail(program, stack, DATA_DIR=str(file))
    assert f"{file} cannot be used" in sentence
    assert "DATA_DIR must be a folder" in sentence


def test_a_full_disk_is_told_as_such_whether_a_file_is_opened_or_written() -> None:
    for place in ("/data/beat-schedule.dat", None):
        sentence = start_failure(OSError(errno.ENOSPC, "No space left on device", place))
        assert f"the disk of {place or 'DATA_DIR'} is full; make space" in sentence


@pytest.mark.parametrize("program", ["web", "beat", "migrate"])
def test_a_key_ring_without_a_key(stack: Stack, program: str) -> None:
    assert "CREDENTIAL_KEYS has no key" in fail(program, stack, CREDENTIAL_KEYS=",")


@pytest.mark.parametrize("program", ["web", "up"])
def test_a_port_that_is_in_use(stack: Stack, program: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stack.port))
        taken.listen()
        assert f"Port {stack.port} is in use" in fail(program, stack)


@pytest.mark.parametrize("program", ["web", "up"])
def test_an_address_that_is_not_this_machine_s(stack: Stack, program: str) -> None:
    assert "HOST is '192.0.2.1', which is not an address of this machine" in fail(program, stack, HOST="192.0.2.1")


@pytest.mark.parametrize("program", ["up", "migrate"])
def test_a_database_that_cannot_be_reached(stack: Stack, program: str) -> None:
    sentence = fail(program, stack, DATABASE_URL="postgresql://patchbay:s3cret@127.0.0.1:1/patchbay")
    assert "the database cannot be used" in sentence
    assert "Connection refused" in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "postgresql://patchbay:s3cret@127.0.0.1:1/patchbay?sslmode=bogus", "invalid sslmode value"),
        ("DATABASE_URL", "postgresql://patchbay:1/s3cret?S3cret@127.0.0.1:1/patchbay", "cannot be read"),
        ("REDIS_URL", "redis://patchbay:s3cret[@127.0.0.1:1/0", "cannot be read"),
        ("REDIS_URL", "redis://127.0.0.1:1/0?max_connections=1", "max_connections=1, but takes 16"),
    ],
)
@pytest.mark.parametrize("program", ["web", "worker", "migrate"])
def test_an_address_that_cannot_be_used(stack: Stack, program: str, name: str, value: str, words: str) -> None:
    sentence = fail(program, stack, **{name: value})
    assert name in sentence
    assert words in sentence
    assert "s3cret" not in sentence.lower()


@pytest.mark.parametrize(
    ("said", "is_to_migrate"),
    [
        ('FATAL:  database "nope" does not exist', False),
        ('FATAL:  role "nope" does not exist', False),
        ('relation "accounts_keycheck" does not exist', True),
        ("column accounts_user.x does not exist", True),
        ("no such table: accounts_keycheck", True),
        ("no such column: x", True),
    ],
)
def test_migrate_is_advised_only_where_it_helps(said: str, is_to_migrate: bool) -> None:
    sentence = start_failure(OperationalError(said))
    assert said in sentence
    assert ("manage.py migrate" in sentence) is is_to_migrate


def test_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    sentence = fail("up", Stack(tmp_path / "new"))
    assert "has not been migrated" in sentence
    assert "run `manage.py migrate`" in sentence


def test_a_database_with_tables_that_its_migrations_do_not_know(stack: Stack) -> None:
    stack.execute("DELETE FROM django_migrations WHERE app = 'tools'")
    sentence = stack.try_to_manage("migrate", "--verbosity", "0").stderr
    assert "Traceback" not in sentence
    assert "already exists), as after a restore over a later release" in sentence
    assert "empty it and restore the backup again" in sentence


@pytest.mark.parametrize("program", ["web", "migrate"])
def test_a_package_that_is_missing(stack: Stack, program: str) -> None:
    sentence = fail(program, stack, "-S")  # without the packages of the environment
    assert "is not installed for" in sentence
    assert "make setup" in sentence


def test_of_two_first_starts_at_once_with_different_keys_one_is_refused(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    stack.prepare()
    starts = [
        subprocess.Popen(
            [sys.executable, "manage.py", "issue_api_token", "Production"],
            cwd=ROOT,
            env={**stack.environment, "TOKEN_KEY": key},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for key in (OTHER, OTHER[::-1])
    ]
    said = [start.communicate(timeout=120) for start in starts]
    assert sorted(start.returncode for start in starts) == [0, 1], said
    assert "TOKEN_KEY is not the key" in "".join(errors for _, errors in said)
