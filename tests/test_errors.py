"""Errors: what crosses from one room to another stands in its `errors`, whose docstring draws the whole tree."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from django.core.exceptions import ObjectDoesNotExist

ROOT = Path(__file__).parent.parent
ROOMS = ("accounts", "tools", "mcpservers", "api", "portal")
BRANCH = re.compile(r"^(?P<stem>[│ ]*)[├└]── (?P<name>\w+)")


def modules(room: str) -> Iterator[str]:
    """Yield the modules of a room, without those that Django makes or runs by itself."""
    for path in sorted((ROOT / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts and parts[-1] != "__init__":
            yield ".".join(parts)


def used_errors(module: ModuleType) -> Iterator[type[BaseException]]:
    """Yield the exception classes that a module names, whether imported themselves or within their module."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Name(id=name):
                named = vars(module).get(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                named = getattr(vars(module).get(name), attribute, None)
            case _:
                continue
        if isinstance(named, type) and issubclass(named, BaseException):
            yield named


@pytest.mark.parametrize("room", ROOMS)
def test_an_error_that_crosses_to_another_room_stands_in_its_own_rooms_errors(room: str) -> None:
    crossing = {
        (module, error.__module__, error.__name__)
        for module in modules(room)
        for error in used_errors(import_module(module))
        if error.__module__.partition(".")[0] in {*ROOMS} - {room} and not issubclass(error, ObjectDoesNotExist)
    }
    homes = {f"{each}.errors" for each in ROOMS}
    assert not [each for each in crossing if ".".join(each[1].split(".")[:2]) not in homes]


def drawn(tree: str) -> Iterator[tuple[str, str]]:
    """Yield each class of a tree with the one that it hangs on."""
    above: list[str] = []
    for line in tree.splitlines():
        branch = BRANCH.match(line)
        if branch:
            level = len(branch["stem"]) // 4 + 1
            above[level:] = [branch["name"]]
            yield branch["name"], above[level - 1]
        elif re.match(r"\w+$|\w+ {3,}", line):
            above = [line.split()[0]]


def trees() -> Iterator[str]:
    """Yield the modules and packages that hold errors."""
    for room in ROOMS:
        yield from (name for name in modules(room) if name.endswith(".errors"))
        if (ROOT / room / "errors").is_dir():
            yield f"{room}.errors"


@pytest.mark.parametrize("name", list(trees()))
def test_the_tree_in_the_docstring_is_that_of_the_classes(name: str) -> None:
    module = import_module(name)
    named = [each for each in vars(module).values() if inspect.isclass(each)]
    classes = [each for each in named if each.__module__ == name or each.__module__.startswith(f"{name}.")]
    hanging = {(each.__name__, each.__mro__[1].__name__) for each in classes if issubclass(each, Exception)}
    assert {pair for pair in hanging if pair[1] != "Exception"} == {*drawn(module.__doc__ or "")}
