"""The lock: every package that the product needs, at the versions that are pinned elsewhere, each with its hashes."""

import re
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.manifests import ROOT

ENTRY = re.compile(r"^(?P<requirement>[^\s#-][^\\\n]*?)\s*\\\n(?P<hashes>(?:\s+--hash=\S+(?:\s*\\)?\n)+)", re.MULTILINE)
SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned(name: str) -> dict[str, Requirement]:
    """Return what a file of requirements pins."""
    lines = ((ROOT / name).read_text().splitlines()) if name != "requirements.lock" else list(locked())
    read = (Requirement(line.partition("#")[0]) for line in lines if line.strip() and line.strip()[0] not in "#-")
    return {canonicalize_name(each.name): each for each in read}


def locked() -> dict[str, str]:
    """Return the lock's entries with their hashes."""
    return {entry["requirement"]: entry["hashes"] for entry in ENTRY.finditer((ROOT / "requirements.lock").read_text())}


def test_every_entry_has_hashes_and_nothing_else_stands_in_the_lock() -> None:
    assert len(locked()) > 50
    assert all(SHA256.search(hashes) for hashes in locked().values())
    assert ENTRY.sub("", (ROOT / "requirements.lock").read_text()).strip() == ""


def test_the_lock_is_in_step_with_the_requirements_and_the_constraints() -> None:
    lock, constraints = pinned("requirements.lock"), pinned("constraints.txt")
    for name, requirement in pinned("requirements.txt").items():
        assert lock[name].specifier == requirement.specifier, f"run make lock: {name}"
    assert {name: str(each.specifier) for name, each in lock.items()} == {
        name: str(constraints[name].specifier) for name in lock
    }


def test_the_lock_holds_whatever_its_packages_need() -> None:
    lock = pinned("requirements.lock")
    wanted = {name: each.extras for name, each in pinned("requirements.txt").items()}
    missing = {
        f"{name} needs {each}" for name in lock for each in _needs(name, wanted.get(name, set())) if each not in lock
    }
    assert not missing


def _needs(name: str, extras: set[str]) -> set[str]:
    try:
        told = map(Requirement, requires(name) or [])
    except PackageNotFoundError:
        return set()  # for another platform than this one
    return {
        canonicalize_name(each.name)
        for each in told
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in {"", *extras})
    }
