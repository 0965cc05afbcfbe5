"""The scripts of the backup on a real PostgreSQL: what they wrote is restored, and what cannot be is not called one."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.deploy.manifests import KUBERNETES
from tests.months import drop_all, make_at
from tests.scratch import url_of

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(KUBERNETES / "backup" / script), str(folder)]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def back_up(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run("back-up.sh", folder, **{"DATABASE_URL": url_of(connection.settings_dict["NAME"]), **variables})


def dumps(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_backed_up_is_restored_whole(scratch: str, account: IntegratedAccount, tmp_path: Path) -> None:
    (call,) = record(note_of(account))
    done = back_up(tmp_path)
    assert done.returncode == 0, done.stderr
    (name,) = dumps(tmp_path)
    assert (tmp_path / name).stat().st_mode & 0o077 == 0
    checked = run("check-backup.sh", tmp_path, SCRATCH_URL=scratch)
    assert checked.returncode == 0, checked.stderr
    assert f"{name} is restored: " in checked.stdout
    assert "1 accounts, 0 MCP servers, the last call of 20" in checked.stdout
    with psycopg.connect(scratch) as restored:
        assert restored.execute("SELECT id, tool FROM tools_call").fetchall() == [(call.pk, call.tool)]


def test_the_months_of_the_record_are_restored_as_such(
    scratch: str, account: IntegratedAccount, tmp_path: Path
) -> None:
    drop_all()
    make_at(datetime(2031, 10, 15, tzinfo=UTC))
    record(note_of(account, started_at=datetime(2031, 11, 20, tzinfo=UTC)), note_of(account))
    assert back_up(tmp_path).returncode == 0
    drop_all()
    assert run("check-backup.sh", tmp_path, SCRATCH_URL=scratch).returncode == 0
    with psycopg.connect(scratch) as restored:
        found = restored.execute("SELECT tableoid::regclass::text FROM tools_call ORDER BY started_at").fetchall()
        assert found == [("tools_call_rest",), ("tools_call_2031_11",)]
        # The sequence goes on after the restored calls.
        copied = "environment_id, account_id, via, client, tool, access, arguments, outcome, error, started_at"
        copied += ", upstream_bytes, result_chars"
        restored.execute(f"INSERT INTO tools_call ({copied}) SELECT {copied} FROM tools_call")
        assert restored.execute("SELECT count(*), count(DISTINCT id) FROM tools_call").fetchone() == (4, 4)


def test_a_dump_that_is_damaged_is_not_called_a_backup(scratch: str, tmp_path: Path) -> None:
    assert back_up(tmp_path).returncode == 0
    (name,) = dumps(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert run("check-backup.sh", tmp_path, SCRATCH_URL=scratch).returncode != 0


def test_a_backup_that_fails_leaves_nothing_and_takes_none_away(scratch: str, tmp_path: Path) -> None:
    (tmp_path / "patchbay-2020-01-01T000000Z.dump").touch()
    done = back_up(tmp_path, KEEP="1", DATABASE_URL=url_of("there_is_none"))
    assert done.returncode != 0
    assert dumps(tmp_path) == ["patchbay-2020-01-01T000000Z.dump"]


def test_the_newest_stay(scratch: str, tmp_path: Path) -> None:
    for day in ("01", "02", "03"):
        (tmp_path / f"patchbay-2020-01-{day}T000000Z.dump").touch()
    (tmp_path / "of-somebody-else.dump").touch()
    assert back_up(tmp_path, KEEP="2").returncode == 0
    others, older, newest = dumps(tmp_path)
    assert (others, older) == ("of-somebody-else.dump", "patchbay-2020-01-03T000000Z.dump")
    assert newest > older


def test_no_backup_an_old_one_and_a_database_in_use_are_told(scratch: str, tmp_path: Path) -> None:
    none = run("check-backup.sh", tmp_path, SCRATCH_URL=scratch)
    assert "There is no backup" in none.stderr
    old = tmp_path / "patchbay-2020-01-01T000000Z.dump"
    old.touch()
    os.utime(old, (0, 0))
    late = run("check-backup.sh", tmp_path, SCRATCH_URL=scratch)
    assert "more than 26 hours old" in late.stderr
    assert back_up(tmp_path).returncode == 0
    in_use = run("check-backup.sh", tmp_path, SCRATCH_URL=url_of(connection.settings_dict["NAME"]))
    assert "is not empty" in in_use.stderr
    assert {none.returncode, late.returncode, in_use.returncode} == {1}
