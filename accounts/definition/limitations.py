"""What an account cannot do, said in words: models would look for it, and take an empty answer for a true one."""

from pydantic import Field

from accounts.definition.parts import DefinitionPart


class Limitation(DefinitionPart):
    """Something that people ask for and no tool does."""

    what: str = Field(
        min_length=1, max_length=120, description="A verb with its object, such as `search the text of messages`."
    )
    unless: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="The methods that do it, as `resource.method`: with the tool of any, it is not said.",
    )
