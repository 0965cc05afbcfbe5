"""How records are found by words and read whole, for the tools `search` and `fetch` that ChatGPT asks for."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, JsonValue, model_validator

from accounts.definition.parts import DefinitionPart, Expression, MemberPath, MethodKey, Parameter

TEXT, WORD = "{text}", "{word}"


class Searchable(DefinitionPart):
    """How a resource is searched: by the vendor where an argument takes the words, else here, in its newest records."""

    method: MethodKey = Field(description="The list that is searched: `resource.method`.")
    arguments: dict[Parameter, JsonValue] = Field(
        default_factory=dict,
        max_length=20,
        description="What the list is asked with. {text} stands for the words that are searched for; an item of a list "
        "with {word} stands once for each of them. Without either, the records are compared here.",
    )
    matched: list[MemberPath] = Field(
        default_factory=list, max_length=20, description="The members that are compared with the words here."
    )
    newest: int = Field(
        default=200, ge=1, le=1000, description="How many of the list's first records are compared here."
    )
    scope: str = Field(
        default="",
        max_length=100,
        description="What the list holds of the resource, such as `live chats`; by default all.",
    )
    by: str = Field(min_length=1, max_length=100, description="What of a record is searched, in words.")
    not_by: str = Field(default="", max_length=100, description="What of it is not, in words.")
    id: MemberPath = Field("id", description="The member of a record that is its id.")
    title: Expression = Field(description="A record's title: a text, or several that are joined.")
    read: MethodKey = Field(description="What returns one record: `resource.method`, whose path takes the id.")
    text: list[MemberPath] = Field(
        default_factory=list, max_length=50, description="The members that make its text; by default all."
    )
    beside: dict[MethodKey, Parameter] = Field(
        default_factory=dict,
        max_length=3,
        description="Lists that belong to the text, such as the messages, each with the argument that takes the id.",
    )

    @model_validator(mode="after")
    def _is_searched_somewhere(self) -> "Searchable":
        if any(WORD in text for text in _texts(self.arguments, in_lists=False)):
            raise ValueError("arguments: {word} stands in no item of a list, which would be repeated for each word")
        if self.by_vendor and self.matched:
            raise ValueError("matched: the vendor searches this list, since its arguments hold {text} or {word}")
        if not self.by_vendor and not self.matched:
            raise ValueError("matched: is needed where no argument holds {text} or {word}")
        return self

    @property
    def by_vendor(self) -> bool:
        """Whether the vendor searches, rather than Patchbay."""
        return any(TEXT in text or WORD in text for text in _texts(self.arguments))

    @property
    def methods(self) -> list[str]:
        """The methods that it names."""
        return [self.method, self.read, *self.beside]


def _texts(value: Any, *, in_lists: bool = True) -> Iterator[str]:
    """Yield the texts in a value, with those of items of lists or without them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) or (in_lists and isinstance(value, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, in_lists=in_lists)
