"""The image: linted, small, without secrets, run by nobody in particular."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.deploy.manifests import CONTAINERFILE, DEPLOY, ROOT, image_environment, instructions, stages


def names_let_in() -> set[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "--no-color", CONTAINERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_is_pinned_and_both_stages_share_it() -> None:
    (argument,) = [rest for name, rest in instructions() if name == "ARG"]
    assert re.fullmatch(r"PYTHON=3\.\d+(\.\d+)?-slim-\w+", argument)
    assert [stage[0][1] for stage in stages()] == ["python:${PYTHON} AS builder", "python:${PYTHON}"]


def test_a_change_of_the_code_does_not_install_everything_again() -> None:
    builder = stages()[0]
    copied = [rest for name, rest in builder if name == "COPY"]
    assert copied == ["requirements.lock /build/"]
    assert builder.index(("COPY", copied[0])) < len(builder) - 1


def test_every_package_of_the_image_is_held_against_its_hash() -> None:
    (install,) = [rest for name, rest in stages()[0] if name == "RUN" and "pip install" in rest]
    assert "--require-hashes --requirement /build/requirements.lock" in install


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    users = [rest for name, rest in stages()[-1] if name == "USER"]
    assert len(users) == 1
    assert int(users[0].split(":")[0]) >= 10_000


def test_nothing_is_written_to_the_image_after_it_leaves_root() -> None:
    names = [name for name, _ in stages()[-1]]
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])


def test_processes_are_started_without_a_shell_so_that_signals_reach_them() -> None:
    final = dict(stages()[-1])
    assert json.loads(final["CMD"]) == ["python", "-m", "config.serve"]
    check = json.loads(final["HEALTHCHECK"].partition(" CMD ")[2])
    assert check[0] == "python"
    assert (ROOT / check[1]).is_file()


def test_the_image_is_in_production_mode_and_keeps_no_secret() -> None:
    environment = image_environment()
    assert environment["DEBUG"] == "0"
    assert not {name for name in environment if name.endswith(("KEY", "KEYS", "PASSWORD", "URL"))}
    assert [rest for name, rest in instructions() if name == "ARG" and not rest.startswith("PYTHON=")] == []


def test_what_is_copied_is_named_and_there() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in ignored if line and not line.startswith("#")) == "*"
    assert all((ROOT / name).exists() for name in names_let_in())


def test_everything_that_the_product_imports_is_copied_and_nothing_private() -> None:
    packages = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])
    assert packages - {"demo"} | {"manage.py", "templates", "static", "integrations"} <= names_let_in()
    assert not {"var", "tests", ".git", ".env", DEPLOY.name, f"{DEPLOY.name}/.env"} & names_let_in()
