"""The lines of a bundle's text, by the places that problems name, and what a scalar there was written as."""

import re
from functools import cached_property

import yaml

# Text beyond this is not parsed again for the lines of its problems.
MAX_TEXT = 4_000_000
STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+(?:\[\])*)")
PLACED = re.compile(r"([^\s:]+): ")
MERGE = "<<"
# The part of a bundle whose problems are told without its name.
DEFINITION = "integration"
WANTS_TEXT = ("should be a valid string", "takes text")


class Places:
    """Finds the nodes of a text that can be read; the text is parsed on the first question."""

    def __init__(self, text: str) -> None:
        self._text = text

    def told(self, problem: str) -> str:
        """Return a problem, which begins with its place, with the line and what was probably meant."""
        placed = PLACED.match(problem)
        node, is_whole = self._node(placed[1]) if placed else (None, False)
        if node is None:
            return problem
        hint = _hint(node) if is_whole and any(words in problem for words in WANTS_TEXT) else ""
        return f"line {node.start_mark.line + 1}: {problem.removesuffix('.') + hint if hint else problem}"

    def written(self, place: str) -> str:
        """Return the scalar at a place as it is written without quotes; empty for anything else."""
        node, is_whole = self._node(place)
        return node.value if is_whole and isinstance(node, yaml.ScalarNode) and not node.style else ""

    @cached_property
    def _root(self) -> yaml.Node | None:
        return yaml.compose(self._text, Loader=yaml.CSafeLoader) if len(self._text) <= MAX_TEXT else None

    def _node(self, place: str) -> tuple[yaml.Node | None, bool]:
        """Return the node at a place, or the nearest one around it; and whether it is the place itself."""
        steps = [number or name for number, name in STEP.findall(place)]
        node, depth = _followed(self._root, steps)
        inside, further = _followed(self._root, [DEFINITION, *steps])
        if depth == 0 and further > 1:
            node, depth = inside, further - 1
        return node, depth == len(steps)


def _followed(node: yaml.Node | None, steps: list[str]) -> tuple[yaml.Node | None, int]:
    """Return the node that steps lead to, as far as they do, and how many they were."""
    for depth, step in enumerate(steps):
        below = _below(node, step)
        if below is None:
            return node, depth
        node = below
    return node, len(steps)


def _below(node: yaml.Node | None, step: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        place = int(step) if step.isdecimal() else len(node.value)
        found: yaml.Node | None = node.value[place] if place < len(node.value) else None
        return found
    if not isinstance(node, yaml.MappingNode):
        return None
    members = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if step in members or MERGE not in members:
        return members.get(step)
    merged = members[MERGE]
    sources = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
    return next((found for source in sources if (found := _below(source, step)) is not None), None)


def _hint(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value:
        return f'. Put it in quotes: "{node.value[:100]}".'
    return ""
