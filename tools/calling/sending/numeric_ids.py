"""Ids that the vendor takes as numbers, and that a call may give as text, since it may give their names."""

import re
from typing import Any

from tools.calling.sending.checking import invalid_arguments
from tools.catalogue.tool import Tool
from tools.member_paths import changed_at, values_at

NUMBER = re.compile(r"-?[0-9]{1,19}")


def with_numeric_ids(tool: Tool, used: dict[str, Any]) -> dict[str, Any]:
    """Return checked arguments with these ids as numbers; raise InvalidArguments for a text that is none."""
    problems = []
    for path in sorted(tool.numeric_ids):
        way = path.split(".")
        texts = [value for value in values_at(used, way) if isinstance(value, str)]
        problems += [
            f"{path}: {text[:64]!r} is no id, and names are not known here. Give the number."
            for text in texts
            if not NUMBER.fullmatch(text)
        ]
        if texts and not problems:
            used = changed_at(used, way, _number)
    if problems:
        raise invalid_arguments(tool, problems)
    return used


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) else value
