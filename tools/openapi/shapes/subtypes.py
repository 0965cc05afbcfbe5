"""The subtypes of a schema with a `discriminator`: by its mapping, or known only by their own `allOf` of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tools.catalogue.schemas.clients import described
from tools.catalogue.schemas.json_schemas import Schema
from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.references import References
from tools.openapi.shapes.values import list_of, unique, values_in_words, with_values

# More would make one shape of half a document.
MAX_SUBTYPES = 100


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The member that tells subtypes apart, its mapped values, and the subtypes by their names in the document.

    `node` is the schema that is told apart from its subtypes. `mapped` has None for a value whose schema is missing,
    `values_by_id` the values by the id of their schema; `variants` is the number of subtypes that the schema itself
    lists. With `has_default`, a subtype stands for any
    other value (OpenAPI 3.2, defaultMapping).
    """

    node: Any
    member: str
    mapped: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)
    variants: int = 0
    has_default: bool = False
    values_by_id: dict[int, list[str]] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether the mapping has a value for every subtype, and no other value stands for one."""
        ids = self._mapped_ids
        is_every = all(id(each) in ids for each in self.children.values())
        return bool(self.mapped) and not self.has_default and is_every and len(ids) >= self.variants

    @property
    def leaves_it_to_subtypes(self) -> bool:
        """Whether there are no values but those of the subtypes and `own_values`."""
        is_unnamed = any(each is self.node for each in self.children.values()) and id(self.node) not in self._mapped_ids
        return not self.has_default and not is_unnamed

    @property
    def own_values(self) -> list[str]:
        """The mapped values of the schema itself, and those whose schema is missing."""
        return [value for value, each in self.mapped.items() if each is None or each is self.node]

    @property
    def values(self) -> list[str]:
        """The mapped values, and the names of subtypes that have none, which stand for themselves (OpenAPI 3)."""
        ids = self._mapped_ids
        return [*self.mapped, *(name for name, each in self.children.items() if id(each) not in ids)]

    def values_of(self, node: Any) -> tuple[str, ...]:
        """Return the mapped values of one subtype."""
        return tuple(self.values_by_id.get(id(node), ()))

    def telling(self, own: Schema, united: Schema | None = None) -> Schema:
        """Return the schema of the member, with its values as far as the document names them.

        `own` is what the schema itself says of it, `united` what its subtypes do.
        """
        if "enum" in own:
            return own
        declared = (united or {}).get("enum", [])
        if self.is_complete:
            return with_values({"type": "string", **own}, unique([*self.values, *declared]))
        if declared and united and self.leaves_it_to_subtypes:
            values = unique([*self.own_values, *declared])
            return {**own, "type": united.get("type", "string"), "enum": values}
        # By default the values are the schemas' names; many vendors have others, so they are told and not enforced.
        return described(own, values_in_words(self.values)) if self.values else own

    @property
    def subtypes(self) -> list[Any]:
        """Each subtype once."""
        found = [each for each in [*self.mapped.values(), *self.children.values()] if each is not None]
        known = {id(each): each for each in found if each is not self.node}
        return list(known.values())[:MAX_SUBTYPES]

    @property
    def _mapped_ids(self) -> set[Any]:
        # A value whose schema is missing may be the one of any variant.
        return {value if each is None else id(each) for value, each in self.mapped.items()}


class Subtypes:
    """The discriminators of one document."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._known: dict[int, tuple[Any, Discriminator | None]] = {}
        self._parents: dict[int, list[Any]] = {}
        self._children: dict[int, dict[str, Any]] = {}
        for name, node in references.schemas().items():
            for part in list_of(node.get("allOf") if isinstance(node, dict) else None):
                parent = self._target(part.get("$ref")) if isinstance(part, dict) else None
                if isinstance(parent, dict):
                    self._parents.setdefault(id(node), []).append(parent)
                    self._children.setdefault(id(parent), {})[name] = node

    def of(self, node: Any) -> Discriminator | None:
        """Return the discriminator of a schema; None if it has none.

        A subtype that has subtypes itself has the one of the schema above it, with the values that are left.
        """
        own = self._own(node)
        if own is not None or id(node) not in self._children:
            return own
        return next(self._inherited(node), None)

    def _own(self, node: Any) -> Discriminator | None:
        """Return the discriminator that a schema has itself, read once: each of its subtypes asks for it."""
        if id(node) not in self._known:
            # The node is kept too: an id is unique only while its object lives.
            self._known[id(node)] = (node, self._as_written(node))
        return self._known[id(node)][1]

    def _as_written(self, node: Any) -> Discriminator | None:
        written = node.get("discriminator")
        # Swagger 2.0 has only the member's name.
        member = written.get("propertyName") if isinstance(written, dict) else written
        if not isinstance(member, str):
            return None
        written = written if isinstance(written, dict) else {}
        mapping = written.get("mapping")
        mapped = {str(value): self._named(name) for value, name in mapping.items()} if isinstance(mapping, dict) else {}
        mapped = {value: each if isinstance(each, dict) else None for value, each in mapped.items()}
        children = {**dict(self._below(node, {id(node)})), **self._variants(node)}
        variants = len(list_of(node.get("oneOf")) or list_of(node.get("anyOf")))
        by_id: dict[int, list[str]] = {}
        for value, each in mapped.items():
            by_id.setdefault(id(each), []).append(value)
        return Discriminator(node, member, mapped, children, variants, "defaultMapping" in written, by_id)

    def _inherited(self, node: Any) -> Iterator[Discriminator]:
        """Yield the discriminators above a schema, as far as they are about it and what is below it."""
        known = {id(node): node} | {id(each): each for _, each in self._below(node, {id(node)})}
        for parent in self._above(node):
            above = self._own(parent)
            if above is not None:
                # By their ids, since a mapping may have thousands of values.
                mapped = {value: known[key] for key in known for value in above.values_by_id.get(key, ())}
                children = {name: each for name, each in above.children.items() if id(each) in known}
                yield replace(above, node=node, mapped=mapped, children=children, variants=0)

    def _variants(self, node: Any) -> dict[str, Any]:
        """Return the variants that a schema refers to, by the names of their schemas."""
        found = {}
        for each in list_of(node.get("oneOf")) or list_of(node.get("anyOf")):
            reference = each.get("$ref") if isinstance(each, dict) else None
            target = self._target(reference)
            if isinstance(target, dict):
                found[str(reference).rpartition("/")[2]] = target
        return found

    def is_below(self, node: Any, part: Any) -> bool:
        """Return whether a schema is a subtype of the one that a part of its `allOf` refers to."""
        parent = self._target(part.get("$ref")) if isinstance(part, dict) else None
        return isinstance(parent, dict) and any(parent is each for each in self._parents.get(id(node), ()))

    def target_of(self, variant: Any) -> Any:
        """Return the schema that a variant refers to; None if it refers to none."""
        return self._target(variant.get("$ref")) if isinstance(variant, dict) else None

    def values_of(self, node: Any) -> dict[str, list[str]]:
        """Return the values that the mappings above a schema give it, by the member that has them.

        A schema with subtypes has theirs too, which its discriminator tells.
        """
        if id(node) in self._children or id(node) not in self._parents:
            return {}
        return {each.member: [*each.mapped] for each in self._inherited(node) if each.mapped and not each.has_default}

    def _above(self, node: Any) -> Iterator[Any]:
        """Yield the schemas above a schema, the nearest first."""
        waiting, seen = [node], {id(node)}
        for each in waiting:
            for parent in self._parents.get(id(each), ()):
                if id(parent) not in seen and len(seen) <= MAX_SUBTYPES:
                    seen.add(id(parent))
                    waiting.append(parent)
                    yield parent

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
