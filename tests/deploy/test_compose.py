"""compose.yaml: valid, hardened, started in the right order."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose
from django.conf import settings

from tests.deploy.manifests import DEPLOY, FILLED, compose, example

SERVICES: dict[str, Any] = compose()["services"]
OURS = ("web", "worker", "beat", "migrate", "bundles")


def seconds(text: str) -> int:
    return int(timedelta(**{{"s": "seconds", "m": "minutes"}[text[-1]]: int(text[:-1])}).total_seconds())


def test_it_follows_the_compose_specification() -> None:
    parsed = PyCompose.from_json(json.dumps(compose()))
    parsed.validate()
    assert set(parsed.service_names()) == {*OURS, "postgres", "redis", "nginx"}


def test_the_compose_client_accepts_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        # The client is no package of Debian's; the test before holds the same file against the specification.
        pytest.skip(
            "Docker with Compose is missing: install both as https://docs.docker.com/compose/install/ says. Until then "
            "the file is only held against the specification"
        )
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns(".env", "tls"))
    (tmp_path / "deploy" / ".env").write_text("".join(f"{name}={value}\n" for name, value in FILLED.items()))
    command = [docker, "compose", "--file", str(tmp_path / "deploy" / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_fills_the_disk_with_its_log_or_the_machine_with_its_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["logging"] == {"driver": "local", "options": {"max-size": "20m", "max-file": "5"}}
    assert service["mem_limit"]


def test_web_may_open_as_many_files_as_its_connections_need() -> None:
    assert SERVICES["web"]["ulimits"]["nofile"] >= settings.MAX_CONNECTIONS * 4 / 3


@pytest.mark.parametrize("name", [name for name in example() if name.endswith("PASSWORD")])
def test_it_is_refused_without_a_password(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        compose({**FILLED, name: ""})


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_held_to_the_least(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_but_those_that_end(name: str) -> None:
    # The image itself brings the check of web.
    if name in {"migrate", "bundles"}:
        assert SERVICES[name]["healthcheck"] == {"disable": True}
    else:
        assert ("healthcheck" in SERVICES[name]) != (name == "web")


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    assert tag[0].isdigit()


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    assert compose()["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["data"]
    assert SERVICES["nginx"]["networks"] == ["edge"]


def test_web_can_be_scaled_and_beat_cannot_be_by_accident() -> None:
    assert "container_name" not in SERVICES["web"]
    assert SERVICES["web"]["deploy"]["replicas"] > 1
    assert "deploy" not in SERVICES["beat"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_processes_start_after_the_migration(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_bundles_are_loaded_when_no_process_of_the_release_before_is_left() -> None:
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert SERVICES["bundles"]["command"] == ["python", "manage.py", "load_integration"]
    assert SERVICES["bundles"]["depends_on"].keys() == {"web", "worker", "beat"}
    assert SERVICES["bundles"]["depends_on"]["web"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_and_volumes_exist(name: str) -> None:
    assert SERVICES[name].get("depends_on", {}).keys() <= SERVICES.keys()
    sources = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", ())}
    assert {source for source in sources if not source.startswith("./")} <= compose()["volumes"].keys()
    # The certificate is the reader's own.
    assert all((DEPLOY / source).exists() for source in sources - {"./tls"} if source.startswith("./"))


def test_web_is_given_the_time_that_it_takes_to_stop() -> None:
    web = SERVICES["web"]
    assert seconds(web["stop_grace_period"]) >= int(web["environment"]["SHUTDOWN_SECONDS"]) + 5


@pytest.mark.parametrize("name", OURS)
def test_every_process_gets_the_same_settings(name: str) -> None:
    assert SERVICES[name]["environment"] == SERVICES["web"]["environment"]
    assert SERVICES[name]["env_file"] == [".env"]
    assert SERVICES[name]["image"] == SERVICES["web"]["image"]


def test_no_password_stands_in_a_command_line(tmp_path: Path) -> None:
    """The command of Redis with a server that tells how it was called: the password is in its file alone."""
    program = tmp_path / "redis-server"
    program.write_text('#!/bin/sh\necho "called: $*"\nls -l "$1"\ncat "$1"\n')
    program.chmod(0o700)
    shell, flag, script = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/", f"{tmp_path}/")
    path = f"{tmp_path}:/usr/bin:/bin"
    done = subprocess.run(
        [shell, flag, script],
        env={"PATH": path, "REDIS_PASSWORD": "r3dis-pass"},
        capture_output=True,
        text=True,
        check=True,
    )
    called, listed, *configuration = done.stdout.splitlines()
    assert called == f"called: {tmp_path}/redis.conf"
    assert listed.startswith("-rw-------")
    assert configuration == [
        'save ""', "appendonly no", "maxmemory 192mb", "maxmemory-policy volatile-lru", 'requirepass "r3dis-pass"',
    ]  # fmt: skip
    for service in SERVICES.values():
        assert "PASSWORD" not in str(service.get("command", "")).replace('"$$REDIS_PASSWORD" \\', "")
