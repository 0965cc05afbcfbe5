"""The files of `deploy/`, read for the tests: Containerfile, compose, Kubernetes, example environment."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
CONTAINERFILE = DEPLOY / "Containerfile"
EXAMPLE = DEPLOY / "example.env"

# What a person puts into deploy/.env.
FILLED = {
    "PUBLIC_URL": "https://patchbay.example.com",
    "SECRET_KEY": "Zk3v-secret-of-these-tests-that-is-as-long-as-a-real-one-would-be-8fq2Lw",
    "TOKEN_KEY": "Tk9-key-of-these-tests-as-long-as-a-real-one-would-be-4xqM",
    "CREDENTIAL_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "POSTGRES_PASSWORD": "0123456789abcdef",
    "REDIS_PASSWORD": "fedcba9876543210",
}

# `$$` is a dollar sign; `${NAME}`, `${NAME:-default}` and `${NAME:?complaint}` are variables (Compose, Interpolation).
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def instructions() -> list[tuple[str, str]]:
    """Return the Containerfile's instructions in order, as name and arguments on one line."""
    lines = [line for line in CONTAINERFILE.read_text().splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, FROM first."""
    parted: list[list[tuple[str, str]]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            parted.append([])
        if parted:
            parted[-1].append(instruction)
    return parted


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(part.split("=", 1) for name, rest in stages()[-1] if name == "ENV" for part in shlex.split(rest))


def interpolated(text: str, environment: dict[str, str]) -> str:
    """Fill in variables as compose does; raise KeyError for one that is required and empty, or unknown."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return match[0]
        given = environment.get(match["name"], "")
        if given or match["kind"] == "-":
            return given or match["rest"]
        raise KeyError(match["name"])

    return VARIABLE.sub(value, text)


def compose(environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return compose.yaml as compose reads it, with these variables."""
    text = (DEPLOY / "compose.yaml").read_text()
    read: dict[str, Any] = yaml.safe_load(interpolated(text, FILLED if environment is None else environment))
    return read


def example() -> dict[str, str]:
    """Return the variables of example.env."""
    lines = EXAMPLE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@cache
def kubernetes() -> list[dict[str, Any]]:
    """Return every object that the kustomization names."""
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    return [each for name in kustomization["resources"] for each in yaml.safe_load_all((KUBERNETES / name).read_text())]


def of_kind(*kinds: str) -> dict[str, dict[str, Any]]:
    """Return the objects of these kinds by name."""
    return {each["metadata"]["name"]: each for each in kubernetes() if each["kind"] in kinds}


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod templates of every workload by its name."""
    return {name: each["spec"]["template"] for name, each in of_kind("Deployment", "Job").items()}
