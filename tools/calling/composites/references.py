"""Fill the {references} in a step's arguments with what the composite was given, and what earlier steps brought."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.definition import StepCall
from accounts.definition.composites import EACH, REFERENCE
from tools.member_paths import member_at

# What may be put into a text, such as a search query, without changing what else it says.
WORD = re.compile(r"[A-Za-z0-9@._+-]{1,200}")
OF_EACH = f"{{{EACH}."


class Unfilled(ValueError):
    """A reference has no value, or one that does not fit; the message says which."""


@dataclass(frozen=True, slots=True)
class FilledCall:
    """A read that a step makes, with the arguments of its tool and the values that items of its list must have."""

    method: str
    arguments: dict[str, Any]
    where: dict[str, Any] = field(default_factory=dict)
    # What its references stand for, wherever in the arguments they are.
    asked: frozenset[str] = frozenset()
    template: Mapping[str, Any] = field(default_factory=dict)

    def of_any(self, source: str) -> dict[str, Any]:
        """Return the arguments for any record of the step that `foreach` names; what to take of it stands in words."""
        return {name: _in_words(self.template[name], given, source) for name, given in self.arguments.items()}


def filled(call: StepCall, scope: Mapping[str, Any]) -> FilledCall:
    """Return a call with its references filled from `scope`; raise Unfilled.

    The scope has the arguments of the composite, the single records by the names of their steps, and `each`.
    """
    arguments, where = _filled(call.arguments, scope), _filled(call.where, scope)
    asked = frozenset(str(value_of(reference, scope)).strip().casefold() for reference in call.references)
    return FilledCall(call.method, arguments, where, asked, call.arguments)


def value_of(reference: str, scope: Mapping[str, Any]) -> Any:
    """Return what a reference stands for; raise Unfilled."""
    value = member_at(scope, reference.split("."))
    if value is None or value == "":
        owner, _, member = reference.rpartition(".")
        raise Unfilled(f"{owner} has no {member}" if owner else f"{member} was not given")
    if isinstance(value, dict | list):
        raise Unfilled(f"{reference} is no single value")
    return value


def _filled(template: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(each, scope) for name, each in template.items()}
    if isinstance(template, list):
        return [_filled(each, scope) for each in template]
    if not isinstance(template, str):
        return template
    whole = REFERENCE.fullmatch(template)
    return value_of(whole[1], scope) if whole else REFERENCE.sub(lambda found: _word(found[1], scope), template)


def _in_words(template: Any, given: Any, source: str) -> Any:
    if isinstance(template, dict):
        return {name: _in_words(each, given[name], source) for name, each in template.items()}
    if isinstance(template, list):
        return [_in_words(each, held, source) for each, held in zip(template, given, strict=True)]
    if not isinstance(template, str) or OF_EACH not in template:
        return given
    return REFERENCE.sub(lambda found: f"<{found[1].removeprefix(OF_EACH[1:])} of one of {source}>", template)


def _word(reference: str, scope: Mapping[str, Any]) -> str:
    """Return a value as part of a text, which it cannot change the meaning of; raise Unfilled."""
    text = str(value_of(reference, scope))
    if not WORD.fullmatch(text):
        raise Unfilled(f"{reference} has characters that a query would take for its own")
    return text
