"""What is wrong with the questions of a bundle: tools and arguments that there are not, values that no call can have.

A question that names what does not exist would count against every model for ever.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.definition import Definition
from accounts.texts.nearest import nearest
from tools.catalogue.compilation import compile_tool
from tools.catalogue.gate import problems_of
from tools.catalogue.schemas.json_schemas import SchemaRefused
from tools.catalogue.tool import Tool
from tools.evaluation.questions import ArgumentRule, Expected, Question, read_questions
from tools.models import Documentation


def question_problems(document: Any, definition: Definition, records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the problems of a bundle's questions, each with its place; the records must have been checked."""
    questions, problems = read_questions(document)
    yield from problems
    tools = _Tools(definition, records)
    asked: dict[str, int] = {}
    for number, question in enumerate(questions):
        place = f"evaluation[{number}]"
        words = " ".join(question.question.casefold().split())
        if words in asked:
            yield f"{place}.question: is asked already, by evaluation[{asked[words]}]."
        asked.setdefault(words, number)
        yield from (f"{place}.{problem}" for problem in _problems(question, tools))


class _Tools:
    """The tools that a bundle would make, each compiled when a question names it."""

    def __init__(self, definition: Definition, records: Iterable[dict[str, Any]]) -> None:
        self._definition = definition
        self._records = {f"{record['resource']}.{record['method']}": record for record in records}
        self._compiled: dict[str, Tool | None] = {}

    def problem(self, key: str) -> str:
        """Return why there is no such tool; empty if there is one, or if the quality gate will say why not."""
        if key not in self._records:
            meant = nearest(key, self._records, cutoff=0.6)
            return f"{key} is no method with a documentation record{f'; did you mean {meant}?' if meant else '.'}"
        if self._records[key].get("published") is False:
            return f"{key} is withdrawn, so that there is no such tool."
        return ""

    def get(self, key: str) -> Tool | None:
        """Return a tool; None if its record makes none."""
        if key not in self._compiled:
            self._compiled[key] = self._make(Documentation(**self._records[key]))
        return self._compiled[key]

    def _make(self, record: Documentation) -> Tool | None:
        if problems_of(self._definition, record):
            return None
        try:
            return compile_tool(self._definition, record)
        except (SchemaRefused, RecursionError):
            return None


def _problems(question: Question, tools: _Tools) -> Iterator[str]:
    missing = {place: problem for place, key in question.tools if (problem := tools.problem(key))}
    yield from (f"{place}: {problem}" for place, problem in missing.items())
    for number, call in enumerate(question.calls):
        tool = None if f"calls[{number}].tool" in missing else tools.get(call.tool)
        if tool is None:
            continue
        for name, expected in call.arguments.items():
            problems = _argument_problems(tool, name, expected)
            yield from (f"calls[{number}].arguments.{name}: {problem}" for problem in problems)


def _argument_problems(tool: Tool, name: str, expected: Expected) -> Iterator[str]:
    schema = tool.input_schema
    if name not in schema["properties"]:
        if schema["additionalProperties"] is False:
            meant = nearest(name, schema["properties"], cutoff=0.5)
            yield f"is not an argument of {tool.name}{f'; did you mean {meant}?' if meant else '.'}"
        return
    for value in _values(expected):
        if not any(tool.optional_validator.is_valid({name: each}) for each in (value, str(value))):
            yield f"{tool.name} takes no {value!r} there."


def _values(expected: Expected) -> list[Any]:
    """Return the whole values that an argument may have, as far as they are told."""
    if isinstance(expected, ArgumentRule):
        return list(expected.any_of or ())
    return [expected]
