"""The units of deploy/systemd: accepted by systemd, held to the least, in agreement with settings and nginx."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from honcho.environ import parse_procfile

from tests.deploy.manifests import DEPLOY, FILLED, ROOT
from tests.documentation import documented
from tests.stack import Stack

UNITS = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
PROCESSES = [name for name in SERVICES if name not in {"patchbay-migrate.service", "patchbay-bundles.service"}]
Section = dict[str, list[str]]


def read(name: str) -> dict[str, Section]:
    """Return a unit's settings by section; each may be given more than once."""
    sections: dict[str, Section] = defaultdict(lambda: defaultdict(list))
    current = ""
    for line in (UNITS / name).read_text().splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            current = header[1]
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            sections[current][key].append(value)
    return sections


def environment(name: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in read(name)["Service"]["Environment"] for pair in line.split())


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|min)", text).groups()  # type: ignore[union-attr]
    return timedelta(**{{"s": "seconds", "min": "minutes"}[unit]: int(number)}).total_seconds()


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is missing: install systemd. Until then the units are only read below")
    shutil.copytree(UNITS, tmp_path / "units", ignore=shutil.ignore_patterns("*.sh"))
    # It asks whether the programs exist, which they do where Patchbay is installed.
    for path in (tmp_path / "units").iterdir():
        path.write_text(re.sub(r"/opt/patchbay/.venv/bin/\w+", "/bin/true", path.read_text()))
    for path in (tmp_path / "units").iterdir():
        name = str(path).replace("web@", "web@8000")
        path.rename(name)
        done = subprocess.run([program, "verify", name], capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "patchbay" in line]
        assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_held_to_the_least(name: str) -> None:
    service = read(name)["Service"]
    assert service["User"] == ["patchbay"]
    assert service["NoNewPrivileges"] == service["ProtectHome"] == service["PrivateTmp"] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["UMask"] == ["0077"]


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_is_started_again_and_has_limits(name: str) -> None:
    service = read(name)["Service"]
    assert service["Restart"] == ["on-failure"]
    assert read(name)["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert service["MemoryMax"]
    assert service["LimitNOFILE"]


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_is_given_the_time_that_it_takes_to_stop(name: str) -> None:
    (stop,) = read(name)["Service"]["TimeoutStopSec"]
    assert seconds(stop) >= int(environment(name)["SHUTDOWN_SECONDS"]) + 5


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_starts_after_the_migrations_and_only_on_its_own_schema(name: str) -> None:
    unit, service = read(name)["Unit"], read(name)["Service"]
    assert unit["After"] == unit["Wants"] == ["patchbay-migrate.service"]
    assert "Requires" not in unit  # a migration that is run again would stop it
    assert service["ExecStartPre"] == ["/opt/patchbay/.venv/bin/python manage.py migrate --check"]


def test_bundles_are_loaded_when_no_process_of_the_release_before_is_left() -> None:
    target = read("patchbay.target")["Unit"]["Wants"][0].split()
    bundles = read("patchbay-bundles.service")
    assert bundles["Unit"]["After"][0].split() == ["patchbay-migrate.service", *target[:-1]]
    assert bundles["Service"]["ExecStart"] == ["/opt/patchbay/.venv/bin/python manage.py load_integration"]
    assert not [line for line in read("patchbay-migrate.service")["Service"]["ExecStart"] if "load_integration" in line]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_a_unit_and_every_variable_is_documented(name: str) -> None:
    assert read(name)["Service"]["EnvironmentFile"] == ["/etc/patchbay/patchbay.env"]
    assert environment(name).keys() - {"PYTHONUNBUFFERED"} <= documented().keys()
    assert not [variable for variable in environment(name) if variable.endswith(("KEY", "KEYS", "URL"))]


def test_the_processes_run_what_the_procfile_runs() -> None:
    commands = parse_procfile((ROOT / "Procfile").read_text()).processes
    for name in ("web", "worker", "beat"):
        unit = f"patchbay-{name}{'@' if name == 'web' else ''}.service"
        (command,) = read(unit)["Service"]["ExecStart"]
        command = command.removeprefix("/usr/bin/env HOST=127.0.0.1 PORT=%i ")
        expected = commands[name].replace('"$DATA_DIR/beat-schedule"', "/var/lib/patchbay/beat-schedule")
        assert command == f"/opt/patchbay/.venv/bin/{expected}"


def given(name: str, file: dict[str, str], state: Path) -> dict[str, str]:
    """Return a unit's variables as systemd sets them: those of its file go before its own (systemd.exec)."""
    own = {key: value.replace("/var/lib/patchbay", str(state)) for key, value in environment(name).items()}
    return {**own, **file}


def commands_of(name: str, **specifiers: str) -> list[list[str]]:
    """Return what a unit starts, with this tree in the place of /opt/patchbay."""
    lines = [re.sub(r"%(\w)", lambda found: specifiers[found[1]], line) for line in read(name)["Service"]["ExecStart"]]
    return [shlex.split(line.replace("/opt/patchbay/.venv/bin/python", sys.executable)) for line in lines]


def production() -> dict[str, str]:
    """Return README's variables, as patchbay.env has them, and a port that a unit must not take."""
    names = re.findall(r"^export (\w+)=", (ROOT / "README.md").read_text(), re.MULTILINE)
    example = {**FILLED, "DEBUG": "0", "FORWARDED_ALLOW_IPS": "127.0.0.1", "HOST": "0.0.0.0", "SIMULATOR": "0"}
    assert set(names) <= example.keys() | {"DATABASE_URL", "REDIS_URL"}
    return {name: value for name, value in example.items() if name in names} | {"PORT": "1"}


@pytest.mark.e2e
def test_what_the_units_start_serves_pages_whole_to_this_machine_alone(tmp_path: Path) -> None:
    stack = Stack(tmp_path, settings=given("patchbay-migrate.service", production(), tmp_path))
    for command in commands_of("patchbay-migrate.service"):
        subprocess.run(command, cwd=ROOT, env=stack.environment, check=True, capture_output=True)
    stack.settings = given("patchbay-web@.service", production(), tmp_path)
    (web,) = commands_of("patchbay-web@.service", i=str(stack.port))
    run = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    proxied = {"Host": "patchbay.example.com", "X-Forwarded-Proto": "https"}
    try:
        stack.start("-c", run, *web, until="Uvicorn running")
        assert f"Uvicorn running on http://127.0.0.1:{stack.port}" in stack.output[-1]
        with httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", headers=proxied, follow_redirects=True) as client:
            page = client.get("/")
            assert page.status_code == 200
            (style, *_) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
            assert client.get(style).status_code == 200
    finally:
        stack.stop()


@pytest.mark.e2e
def test_a_web_process_without_the_static_files_of_its_release_says_so_and_does_not_start(tmp_path: Path) -> None:
    stack = Stack(tmp_path, settings={**given("patchbay-web@.service", production(), tmp_path), "HOST": "127.0.0.1"})
    stack.settings["PORT"] = str(stack.port)
    done = subprocess.run(
        [sys.executable, "-m", "config.serve"],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert f"Patchbay cannot start: {tmp_path}/static lacks static files of this release, such as " in done.stderr
    assert "run `manage.py collectstatic --noinput`" in done.stderr


def test_commands_by_hand_run_as_the_services_do(tmp_path: Path) -> None:
    stub = tmp_path / "systemd-run"
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o700)
    done = subprocess.run(
        ["sh", UNITS / "manage.sh", "check_keys", "--accept", "CREDENTIAL_KEYS:k 1"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout.splitlines()
    service = read("patchbay-migrate.service")["Service"]
    assert said[-5:] == ["/opt/patchbay/.venv/bin/python", "manage.py", "check_keys", "--accept", "CREDENTIAL_KEYS:k 1"]
    assert {f"--uid={service['User'][0]}", f"--property=EnvironmentFile={service['EnvironmentFile'][0]}"} <= set(said)
    assert f"--working-directory={service['WorkingDirectory'][0]}" in said
    own = dict(each.removeprefix("--setenv=").split("=", 1) for each in said if each.startswith("--setenv="))
    assert own == environment("patchbay-migrate.service")


def test_the_target_starts_the_ports_that_nginx_names() -> None:
    wanted = read("patchbay.target")["Unit"]["Wants"][0].split()
    ports = {match[1] for each in wanted if (match := re.fullmatch(r"patchbay-web@(\d+)\.service", each))}
    assert ports == set(re.findall(r"server 127\.0\.0\.1:(\d+)", (DEPLOY / "nginx" / "machine.conf").read_text()))
    others = {each for each in wanted if "@" not in each}
    assert others == {"patchbay-worker.service", "patchbay-beat.service", "patchbay-bundles.service"}
    assert all(read(name)["Unit"]["PartOf"] == ["patchbay.target"] for name in PROCESSES)
