"""Prompts: tasks that people choose from their client's menu, which say to a model how to go about them."""

from pydantic import Field, model_validator

from accounts.definition.parts import PLACEHOLDER, DefinitionPart, Slug

MAX_VALUES = 100


class PromptArgument(DefinitionPart):
    """What a person fills in; `values`, and the names of a lookup's entries, are offered for it."""

    name: Slug
    description: str = Field(min_length=1, max_length=300)
    required: bool = False
    values: list[str] = Field(default_factory=list, max_length=MAX_VALUES)
    lookup: Slug | None = Field(None, description="The lookup whose names are offered for it, such as `department`.")


class Prompt(DefinitionPart):
    """One task. Its text has {placeholders} for the arguments, and names tools by their names."""

    title: str = Field(min_length=1, max_length=80)
    description: str = Field(min_length=1, max_length=500)
    arguments: list[PromptArgument] = Field(default_factory=list, max_length=20)
    tools: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="The methods that it needs, as `resource.method`: it is offered only where a server has them all.",
    )
    text: str = Field(min_length=1, max_length=4000)

    @model_validator(mode="after")
    def _placeholders_are_arguments(self) -> "Prompt":
        names = [argument.name for argument in self.arguments]
        if len(names) != len(set(names)):
            raise ValueError("arguments: two have the same name")
        for name in PLACEHOLDER.findall(self.text):
            if name not in names:
                raise ValueError(f"text: {{{name}}} is not one of the arguments")
        return self
