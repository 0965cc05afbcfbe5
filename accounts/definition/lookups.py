"""Small lists by which ids have names: the departments, reps and tags of an account."""

from pydantic import Field

from accounts.definition.parts import DefinitionPart, Expression, MemberPath, MethodKey, Parameter


class Lookup(DefinitionPart):
    """A list whose entries are known by an id and a name. It is used where a server has the tool that lists them."""

    method: MethodKey = Field(description="The method that lists them: `resource.method`.")
    id: MemberPath = Field("id", description="The member of an entry that is its id.")
    name: Expression = Field("name", description="An entry's name: a text, or several that are joined.")
    active: Expression | None = Field(None, description="True for an entry that is in use; by default all are.")
    arguments: list[Parameter] = Field(
        default_factory=list, max_length=50, description="The arguments that take its id; they take its name as well."
    )
    members: list[Parameter] = Field(
        default_factory=list, max_length=50, description="The members of records that hold its id."
    )
    shown_as: Parameter | None = Field(
        None, description="The member with the name that is shown beside them; by default the lookup's own name."
    )
