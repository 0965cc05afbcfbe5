"""Whether a call is one that a question expects: its tool, and the arguments that matter."""

from collections.abc import Mapping
from typing import Any

import orjson

from tools.evaluation.questions import ArgumentRule, Expected, ExpectedCall


def is_expected(call: ExpectedCall, key: str, arguments: Mapping[str, Any]) -> bool:
    """Return whether a call of the tool `key` (`resource.method`) with these arguments is this one."""
    return call.tool == key and all(
        name in arguments and _fits(expected, arguments[name]) for name, expected in call.arguments.items()
    )


def _fits(expected: Expected, given: Any) -> bool:
    if not isinstance(expected, ArgumentRule):
        return bool(_plain(expected) == _plain(given)) or _plain([expected]) == _plain(given)
    if expected.any_of is not None:
        return any(_fits(each, given) for each in expected.any_of)
    if expected.contains is not None:
        text = (given if isinstance(given, str) else orjson.dumps(given).decode()).casefold()
        return all(words.casefold() in text for words in expected.contains)
    return given is not None


def _plain(value: Any) -> Any:
    """Return a value as it is compared: letters in any case, numbers as text, lists in any order."""
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=str)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).casefold().split())
