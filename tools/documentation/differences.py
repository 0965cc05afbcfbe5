"""Describe for people how two definitions differ, or a record here and one in a file."""

from typing import Any

from accounts.models import Integration
from accounts.texts.counting import counted
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS
from tools.models.evaluation import questions_of

MAX_NAMED = 6


def definition_differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return where two definitions differ: chapters by name, methods by `resource.method` and their changed parts."""
    words = []
    for key in dict.fromkeys([*after, *before]):
        if key not in {"resources", "tool_tags"} and before.get(key) != after.get(key):
            words.append(f"{key}: {_change(key in before, key in after)}")
    old, new = _methods(before), _methods(after)
    for place in dict.fromkeys([*new, *old]):
        if place not in old or place not in new:
            words.append(f"{place}: {_change(place in old, place in new)}")
        elif old[place] != new[place]:
            parts = [
                part
                for part in dict.fromkeys([*new[place], *old[place]])
                if old[place].get(part) != new[place].get(part)
            ]
            words.append(f"{place}: {', '.join(parts)} changed")
    if before.get("tool_tags", {}) != after.get("tool_tags", {}):
        words.append("tool_tags: changed")
    if not words and before != after:
        words.append("only the order or form")
    elif list(old) != list(new) and set(old) == set(new):
        words.append("resources: in another order")
    return words


def _change(was: bool, is_: bool) -> str:
    return "changed" if was and is_ else "new" if is_ else "gone"


def _methods(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each resource and each method of a document, by its place."""
    found: dict[str, dict[str, Any]] = {}
    resources = document.get("resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        if not isinstance(resource, dict):
            continue
        found[f"resources.{name}"] = {key: value for key, value in resource.items() if key != "methods"}
        methods = resource.get("methods")
        for method, declared in methods.items() if isinstance(methods, dict) else ():
            found[f"resources.{name}.{method}"] = declared if isinstance(declared, dict) else {"": declared}
    return found


def content_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a file's record, with the empty values that it leaves out."""
    empty = Documentation().content()
    return {name: record.get(name, empty[name]) for name in CONTENT_FIELDS}


def changed_fields(row: Documentation, record: dict[str, Any]) -> list[str]:
    """Return the fields in which a file's record differs from the one here."""
    return [name for name, value in content_of(record).items() if getattr(row, name) != value]


def named(items: list[str]) -> str:
    """Return a list in words: all of a short one, the first few of a long one."""
    if len(items) <= MAX_NAMED:
        return ", ".join(items)
    return f"{', '.join(items[:MAX_NAMED])} and {len(items) - MAX_NAMED} more"


def changed_questions(integration: Integration, questions: list[dict[str, Any]] | None) -> str:
    """Return how many questions a file brings; empty if they are those that are here, or it has no such part."""
    if questions is None or questions == questions_of(integration):
        return ""
    return counted(len(questions), "question")
