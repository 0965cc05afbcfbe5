"""The environment that the deployments give is the one that Patchbay reads, all of it that it needs."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.deploy.manifests import EXAMPLE, FILLED, KUBERNETES, ROOT, compose, example, image_environment, of_kind
from tests.documentation import documented

# Read by Python itself and by the images of PostgreSQL and Redis.
OTHERS = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
SECRETS = {"SECRET_KEY", "TOKEN_KEY", "CREDENTIAL_KEYS"}
# Without these, processes on several machines would not be one Patchbay.
SHARED = {"PUBLIC_URL", "DATABASE_URL", "REDIS_URL"}


def in_compose() -> dict[str, str]:
    environment: dict[str, str] = compose()["services"]["web"]["environment"]
    return {**image_environment(), **FILLED, **environment}


def in_kubernetes() -> dict[str, str]:
    secret = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())["stringData"]
    shared = {name: in_compose()[name] for name in secret}
    return {**image_environment(), **of_kind("ConfigMap")["patchbay"]["data"], **shared}


@pytest.mark.parametrize("given", [in_compose, in_kubernetes])
def test_every_variable_is_documented(given: Callable[[], dict[str, str]]) -> None:
    assert set(given()) - OTHERS <= documented().keys()


@pytest.mark.parametrize("given", [in_compose, in_kubernetes])
def test_what_production_needs_is_given(given: Callable[[], dict[str, str]]) -> None:
    assert set(given()) >= SECRETS | SHARED | {"HOST", "FORWARDED_ALLOW_IPS", "SHUTDOWN_SECONDS"}


def test_the_example_names_what_a_person_has_to_fill_in_and_holds_no_value() -> None:
    assert example().keys() == FILLED.keys()
    assert set(example().values()) == {""}


def test_every_variable_of_the_readme_is_given_by_the_deployments() -> None:
    section = (ROOT / "README.md").read_text().split("## Production")[1].split("\n## ")[0]
    exported = set(re.findall(r"^export ([A-Z_]+)=", section, re.MULTILINE))
    assert exported - {"SIMULATOR"} <= set(in_compose())


@pytest.mark.parametrize("given", [in_compose, in_kubernetes])
def test_patchbay_starts_with_it_and_has_no_complaint(given: Callable[[], dict[str, str]], tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in documented()}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**environment, **given(), "PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def ways_to_make_secrets() -> list[str]:
    return re.findall(r"^# +(python3 -c .*)$", EXAMPLE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("way", ways_to_make_secrets())
def test_the_ways_to_make_secrets_work(way: str) -> None:
    made = subprocess.run(["sh", "-c", way], capture_output=True, text=True, check=True).stdout.strip()
    assert len(made) >= 40
