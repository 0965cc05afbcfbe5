"""Questions of a support team with the calls that answer them, as a bundle carries them in its part `evaluation`.

They name tools by `resource.method`, as the definition does, so that a question survives another name of its tool.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from accounts.definition.parts import DefinitionPart
from accounts.texts.nearest import nearest

MOST_QUESTIONS = 100
MOST_CALLS = 5
# Tags of the kinds of an argument, which pydantic puts into the place of a problem and its author does not know.
RULE, VALUE = "(rule)", "(value)"

ToolKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=97)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


def _check_scalar(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, dict | list):
        raise ValueError("takes text, a number, true or false")
    return value


def _check_value(value: JsonValue) -> JsonValue:
    if value is None or (isinstance(value, list) and any(isinstance(each, dict | list) for each in value)):
        raise ValueError("takes text, a number, true or false, a list of these, or a rule such as {given: true}")
    return value


Scalar = Annotated[JsonValue, AfterValidator(_check_scalar)]


class ArgumentRule(DefinitionPart):
    """What an argument must be where it is not one certain value; exactly one of these."""

    any_of: list[Scalar] | None = Field(None, min_length=1, max_length=20, description="One of these values.")
    contains: list[Words] | None = Field(
        None, min_length=1, max_length=20, description="Text in which all of these occur, in any case of letters."
    )
    given: Literal[True] | None = Field(None, description="Anything, as long as it is given.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "ArgumentRule":
        if sum(each is not None for each in (self.any_of, self.contains, self.given)) != 1:
            raise ValueError("takes exactly one of any_of, contains and given")
        return self


Expected = Annotated[
    Annotated[ArgumentRule, Tag(RULE)] | Annotated[JsonValue, AfterValidator(_check_value), Tag(VALUE)],
    Discriminator(lambda given: RULE if isinstance(given, dict | ArgumentRule) else VALUE),
]


class ExpectedCall(DefinitionPart):
    """A call that the answer to a question needs: a tool, and the arguments that matter."""

    tool: ToolKey
    arguments: dict[str, Expected] = Field(
        default_factory=dict, max_length=20, description="What must be given; other arguments are of no importance."
    )
    result: JsonValue = Field(
        None, description="What the tool answers in the evaluation, such as the record whose id the next call needs."
    )


class Question(DefinitionPart):
    """What a person asks, and the calls that it takes, in any order."""

    question: str = Field(min_length=8, max_length=500)
    calls: list[ExpectedCall] = Field(min_length=1, max_length=MOST_CALLS)
    also: dict[ToolKey, JsonValue] = Field(
        default_factory=dict,
        max_length=20,
        description="Tools that a model may use on the way, which count neither for nor against it, each with what it "
        "answers in the evaluation; null for nothing.",
    )

    @property
    def tools(self) -> Iterator[tuple[str, str]]:
        """Yield every tool that it names, each after its place in the question."""
        yield from ((f"calls[{place}].tool", call.tool) for place, call in enumerate(self.calls))
        yield from ((f"also.{key}", key) for key in self.also)


_questions: TypeAdapter[list[Question]] = TypeAdapter(Annotated[list[Question], Field(max_length=MOST_QUESTIONS)])


def parse_questions(document: Any) -> list[Question]:
    """Return the questions of a stored document; raise pydantic's ValidationError for one of another form."""
    return _questions.validate_python(document)


def read_questions(document: Any) -> tuple[list[Question], list[str]]:
    """Return the questions of a bundle, or none and each problem with its place in the file."""
    try:
        return parse_questions(document), []
    except ValidationError as refused:
        return [], list(dict.fromkeys(_told(error) for error in refused.errors(include_url=False, include_input=False)))


def _told(error: Any) -> str:
    place = "evaluation"
    for step in error["loc"]:
        if step not in {RULE, VALUE}:
            place += f"[{step}]" if isinstance(step, int) else f".{step}"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    meant = nearest(str(error["loc"][-1]), _known_keys(), cutoff=0.6)
    return f"{place}: is not a known key{f'; did you mean {meant}?' if meant else '.'}"


@lru_cache(maxsize=1)
def _known_keys() -> list[str]:
    parts = (Question, ExpectedCall, ArgumentRule)
    return sorted({key for part in parts for key in part.model_fields})


__all__ = [
    "MOST_QUESTIONS",
    "ArgumentRule",
    "Expected",
    "ExpectedCall",
    "Question",
    "parse_questions",
    "read_questions",
]
