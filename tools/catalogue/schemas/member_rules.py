"""Rules about the members of a body as a whole, said of a tool's one flat object of arguments.

They say what members take by patterns of their names, and by the values of others. Clients are not listed them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.catalogue.schemas.checking import compile_checker
from tools.catalogue.schemas.json_schemas import SUBSCHEMA_LISTS, Schema
from tools.catalogue.schemas.patterns import literal

RULES = ("patternProperties", "dependentSchemas")
CONDITIONS = ("if", "then", "else", "not")
# What would be said of other places' arguments as well.
OF_ALL = frozenset(
    {"additionalProperties", "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties", "dependencies"}
)


@dataclass(frozen=True, slots=True)
class FlatNames:
    """The arguments' names by the body's own, those of all arguments, and the members whose values have another form.

    `elsewhere` are the names of what goes to another place, or there as well, where types are others.
    """

    arguments: Mapping[str, str]
    taken: frozenset[str]
    elsewhere: frozenset[str]
    reshaped: frozenset[str]

    def rules_of(self, body: Schema) -> Schema:
        """Return the rules of a body's schema, of its arguments alone."""
        rules: Schema = self._node({word: body[word] for word in RULES if body.get(word)})
        return rules

    def _node(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        made = {word: value for word, value in node.items() if word not in OF_ALL}
        if "properties" in made:
            made["properties"] = self._members(made["properties"])
        if "required" in made:
            made["required"] = [self._argument(name) for name in made["required"]]
        if "patternProperties" in made:
            patterns = made["patternProperties"].items()
            made["patternProperties"] = {self._beside_arguments(pattern): each for pattern, each in patterns}
        if "dependentSchemas" in made:
            rules = made["dependentSchemas"].items()
            made["dependentSchemas"] = {
                self._argument(name): self._node(each) for name, each in rules if name not in self.elsewhere
            }
        made |= {word: self._node(made[word]) for word in CONDITIONS if word in made}
        return made | {word: [*map(self._node, made[word])] for word in SUBSCHEMA_LISTS if word in made}

    def _members(self, properties: Schema) -> Schema:
        said = {name: each for name, each in properties.items() if name not in self.elsewhere}
        return {self._argument(name): each for name, each in said.items() if each is False or name not in self.reshaped}

    def _argument(self, name: str) -> str:
        return self.arguments.get(name, name)

    def _beside_arguments(self, pattern: str) -> str:
        """Return a pattern that matches no argument with a name: these have a schema of their own."""
        matching = compile_checker({"pattern": pattern})
        others = [literal(name) for name in sorted(self.taken) if matching.is_valid(name)]
        return f"^(?!(?:{'|'.join(others)})$)(?=[\\s\\S]*?(?:{pattern}))" if others else pattern
