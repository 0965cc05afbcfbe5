"""Small lists by which ids have names: the departments, reps and tags of an account."""

from pydantic import Field, JsonValue

from accounts.definition.parts import DefinitionPart, Expression, MemberPath, MethodKey, Parameter, Slug


class Lookup(DefinitionPart):
    """A list whose entries are known by an id and a name. It is used where a server has the tool that lists them."""

    method: MethodKey = Field(description="The method that lists them: `resource.method`.")
    filters: dict[Parameter, JsonValue] = Field(
        default_factory=dict,
        max_length=10,
        description="The arguments that the list is asked for with, such as a role.",
    )
    entries: Expression | None = Field(
        None,
        description="Where the entries are in the list: a list, or an object, each member of which is an entry with "
        "`key` and `value`; by default, they are the list's items.",
    )
    id: MemberPath = Field("id", description="The member of an entry that is its id.")
    name: Expression = Field("name", description="An entry's name: a text, or several that are joined.")
    read_by: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        description="The method that reads one entry by this id, `resource.method`: clients complete its address.",
    )
    active: Expression | None = Field(None, description="True for an entry that is in use; by default all are.")
    arguments: list[MemberPath] = Field(
        default_factory=list,
        max_length=50,
        description="The arguments that take its id; they take its name as well. Dots lead inside, and into lists.",
    )
    members: list[MemberPath] = Field(
        default_factory=list,
        max_length=50,
        description="The members of records that hold its id, or a list of ids. Dots lead inside, and into lists.",
    )
    resources: list[Slug] = Field(
        default_factory=list,
        max_length=50,
        description="The resources whose tools have these arguments and members; by default, all.",
    )
    shown_as: Parameter | None = Field(
        None, description="The member with the name that is shown beside them; by default the lookup's own name."
    )
