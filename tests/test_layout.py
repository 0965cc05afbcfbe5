"""The layout of the tests: they mirror the rooms of the source, and share nothing but what has a module of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documentation import ROOT

TESTS = ROOT / "tests"
MIRRORED = ("accounts", "api", "config", "demo", "mcpservers", "portal", "tools")
ANOTHER_TEST = re.compile(r"(^|\.)(conftest|test_\w+)(\.|$)")


def imported_in(path: Path) -> Iterator[str]:
    """Return the full name of whatever a module of the tests imports from the tests."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            source = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_nothing_imports_from_a_test_or_from_a_conftest(folder: str) -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imported_in(path)
        if name.startswith("tests.") and ANOTHER_TEST.search(name)
    }
    assert found == set()


@pytest.mark.parametrize("app", MIRRORED)
def test_each_room_of_the_tests_is_a_room_of_the_source(app: str) -> None:
    rooms = {path.parent.relative_to(TESTS) for path in (TESTS / app).rglob("test_*.py")}
    assert Path(app) in rooms or len(rooms) > 1
    assert {str(room) for room in rooms if not (ROOT / room / "__init__.py").exists()} == set()
