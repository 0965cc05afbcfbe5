"""The subtypes of a schema with a `discriminator`: by its mapping, or known only by their own `allOf` of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.references import References
from tools.openapi.shapes.values import list_of

# More would make one shape of half a document.
MAX_SUBTYPES = 100


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The member that tells subtypes apart, its mapped values, and the subtypes by their names in the document.

    `variants` is the number of subtypes that the schema itself lists.
    """

    member: str
    mapped: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)
    variants: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the mapping has a value for every subtype."""
        ids = {id(each) for each in self.mapped.values()}
        return bool(ids) and len(ids) >= self.variants and all(id(each) in ids for each in self.children.values())

    @property
    def values(self) -> list[str]:
        """The mapped values, and the names of subtypes that have none, which stand for themselves (OpenAPI 3)."""
        ids = {id(each) for each in self.mapped.values()}
        return [*self.mapped, *(name for name, each in self.children.items() if id(each) not in ids)]

    @property
    def subtypes(self) -> list[Any]:
        """Each subtype once."""
        known = {id(each): each for each in [*self.mapped.values(), *self.children.values()]}
        return list(known.values())[:MAX_SUBTYPES]


class Subtypes:
    """The discriminators of one document."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._parents: dict[int, list[Any]] = {}
        self._children: dict[int, dict[str, Any]] = {}
        for name, node in references.schemas().items():
            for part in list_of(node.get("allOf") if isinstance(node, dict) else None):
                parent = self._target(part.get("$ref")) if isinstance(part, dict) else None
                if isinstance(parent, dict):
                    self._parents.setdefault(id(node), []).append(parent)
                    self._children.setdefault(id(parent), {})[name] = node

    def of(self, node: Any) -> Discriminator | None:
        """Return the discriminator of a schema; None if it has none."""
        written = node.get("discriminator")
        # Swagger 2.0 has only the member's name.
        member = written.get("propertyName") if isinstance(written, dict) else written
        if not isinstance(member, str):
            return None
        mapping = written.get("mapping") if isinstance(written, dict) else None
        mapped = {str(value): self._named(name) for value, name in mapping.items()} if isinstance(mapping, dict) else {}
        children = dict(self._below(node, {id(node)}))
        variants = len(list_of(node.get("oneOf")) or list_of(node.get("anyOf")))
        mapped = {value: each for value, each in mapped.items() if isinstance(each, dict)}
        return Discriminator(member, mapped, children, variants)

    def is_below(self, node: Any, part: Any) -> bool:
        """Return whether a schema is a subtype of the one that a part of its `allOf` refers to."""
        parent = self._target(part.get("$ref")) if isinstance(part, dict) else None
        return isinstance(parent, dict) and any(parent is each for each in self._parents.get(id(node), ()))

    def values_of(self, node: Any) -> dict[str, list[str]]:
        """Return the values that the mappings of a schema's parents give it, by the member that has them."""
        found: dict[str, list[str]] = {}
        for parent in self._parents.get(id(node), ()):
            discriminator = self.of(parent)
            values = [value for value, each in discriminator.mapped.items() if each is node] if discriminator else []
            if discriminator and values:
                found[discriminator.member] = values
        return found

    def _below(self, node: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
        for name, child in self._children.get(id(node), {}).items():
            if id(child) not in seen and len(seen) <= MAX_SUBTYPES:
                seen.add(id(child))
                yield name, child
                yield from self._below(child, seen)

    def _named(self, name: Any) -> Any:
        """Return the schema that a mapping names, by a reference or by its bare name."""
        if not isinstance(name, str):
            return None
        schemas = self._references.schemas()
        return schemas[name] if name in schemas else self._target(name)

    def _target(self, reference: Any) -> Any:
        if not isinstance(reference, str):
            return None
        try:
            return self._references.target(reference)
        except ReferenceRefused:
            return None
