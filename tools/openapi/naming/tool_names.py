"""Find resources and methods in the paths of a description, and names for them and for their tools.

A path that ends with a noun is a collection (list, create), one that ends with a parameter is an item of it (get,
update, delete); anything else is a method with a name of its own. An operation keeps the place that an earlier import
gave it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import inflection

from tools.catalogue.naming import CUSTOM, GROUPS, MAX_LENGTH, STANDARD, tool_name
from tools.effects import CHANGES, DESTROYS, REACHES, READS, UPDATES, effect_of, first_verb
from tools.openapi.naming.paths import Node, nodes_of
from tools.openapi.naming.texts import slug, words_of
from tools.openapi.naming.vocabulary import ACTIONS
from tools.openapi.reading.operations import Operation

VERBS = {
    "GET": "retrieve", "QUERY": "search", "POST": "submit", "PUT": "replace", "PATCH": "modify", "DELETE": "remove",
}  # fmt: skip
# In the place of a standard method's name, for what is no standard method.
INSTEAD = {"get": "retrieve", "list": "list_all", "create": "add", "update": "modify", "delete": "remove"}
RESERVED = frozenset({*STANDARD, *GROUPS, CUSTOM})
# A longer resource makes tool names too long once the verb and the integration are added.
LONGEST_RESOURCE = 40
# As much as a definition takes, and what a number leaves of it.
LONGEST_METHOD, LONGEST_NUMBERED = 48, 44
COMMON_PREFIX = 0.7
FILLERS = frozenset({"a", "an", "the", "of", "for", "by", "to", "with", "and", "in", "on", "from"})
# In an operationId such as `post_files_id`, these say no more than the method and path do.
HTTP_WORDS = frozenset({"get", "post", "put", "patch", "delete", "id", "ids", "v", "v1", "v2", "v3", "api"})
# A last segment of several words that begins with one is an action: `/tasks/{id}/removeFollowers`.
VERBS_OF_PATHS = (CHANGES | DESTROYS | REACHES) - frozenset({"link", "star", "like", "pin", "rate", "split", "drop"})
# A verb of a vendor's words that a standard method does not do; its tool would be named for what it is not.
NOT_CREATING = READS | DESTROYS | UPDATES
NOT_UPDATING = READS | DESTROYS | frozenset({"create", "add", "assign", "attach", "link", "move", "restore"})
DELETING = frozenset({"delete", "remove", "destroy", "purge", "erase", "wipe", "revoke", "clear", "trash", "drop"})
Place = tuple[str, str]


@dataclass(frozen=True)
class AnswerKind:
    """What naming needs to know about an operation's answer."""

    is_list: bool = False
    is_known: bool = False


@dataclass
class Names:
    """The places of operations (resource and method), and the singulars of resources that English gets wrong."""

    places: dict[str, Place] = field(default_factory=dict)
    singulars: dict[str, str] = field(default_factory=dict)


class Naming:
    """Gives each operation of a document a place."""

    def __init__(self, operations: list[Operation], kinds: dict[str, AnswerKind], known: dict[str, Place]) -> None:
        self._operations = operations
        self._kinds = kinds
        self._known = known
        self._nodes = self._without_common_prefix({each.key: nodes_of(each.path) for each in operations})
        self._methods: dict[tuple[Node, ...], dict[str, Operation]] = {}
        for each in operations:
            self._methods.setdefault(self._nodes[each.key], {})[each.http] = each
        self._with_items = {nodes[:-1] for nodes in self._methods if nodes and nodes[-1].is_parameter}
        self._resources: dict[tuple[str, ...], str] = {}
        self._taken: set[Place] = set(known.values())
        self._repeats: Counter[Place] = Counter()

    def names(self) -> Names:
        """Return a place for every operation; no two share one."""
        names = Names()
        for each in self._operations:
            names.places[each.key] = self._known.get(each.key) or self._placed(each)
        for resource, _ in names.places.values():
            last = resource.rpartition("_")[2]
            if (len(last) <= 3 and last != "ids") or inflection.singularize(resource) in {"", resource[:-2]}:
                names.singulars[resource] = resource
        return names

    def _without_common_prefix(self, nodes: dict[str, tuple[Node, ...]]) -> dict[str, tuple[Node, ...]]:
        """Drop what nearly every path begins with, such as an account: it distinguishes nothing."""
        for length in (4, 3, 2):
            heads = Counter(each[:length] for each in nodes.values() if len(each) > length)
            for head, count in heads.most_common(1):
                if head[-1].is_parameter and not head[0].is_parameter and count >= COMMON_PREFIX * len(nodes):
                    return {
                        key: each[length:] if len(each) > length and each[:length] == head else each
                        for key, each in nodes.items()
                    }
        return nodes

    def _placed(self, operation: Operation) -> Place:
        nodes = self._nodes[operation.key]
        words = [each for each in nodes if not each.is_parameter]
        if not words:
            resource = slug(words_of(operation.tags[0]) if operation.tags else []) or "general"
            return self._free(resource, self._own_name(operation, resource), operation)
        if nodes[-1].is_parameter:
            return self._item(operation, nodes)
        return self._named(operation, nodes)

    def _item(self, operation: Operation, nodes: tuple[Node, ...]) -> Place:
        collection = nodes
        while collection[-1].is_parameter:
            collection = collection[:-1]
        resource = self._resource(collection)
        methods = self._methods[nodes]
        updates = next((http for http in ("PATCH", "PUT", "POST") if http in methods), "")
        is_item = len(nodes) - len(collection) == 1
        standard = {"GET": "get", "DELETE": "delete", updates: "update"}.get(operation.http, "")
        if operation.http == "GET" and self._kinds[operation.key].is_list:
            standard = ""
        if standard and is_item and _does(operation, standard) and (resource, standard) not in self._taken:
            return self._free(resource, standard, operation)
        return self._free(resource, self._own_name(operation, resource), operation)

    def _named(self, operation: Operation, nodes: tuple[Node, ...]) -> Place:
        methods, kind = self._methods[nodes], self._kinds[operation.key]
        last, parent = nodes[-1].words, nodes[:-1]
        lists = "GET" in methods and self._kinds[methods["GET"].key].is_list
        has_parent = any(not node.is_parameter for node in parent)
        is_action = has_parent and nodes not in self._with_items and (last[0] in ACTIONS or len(methods) == 1)
        is_verb = len(last) > 1 and last[0] in VERBS_OF_PATHS
        is_noun = len(last) > 0 and _is_plural(last[-1]) and not is_verb
        if (nodes[-1].is_procedure or is_verb) and has_parent and nodes not in self._with_items:
            return self._action(operation, parent, last)
        if is_action and (last[0] in ACTIONS or not (lists or ("POST" in methods and is_noun))):
            return self._action(operation, parent, last)
        resource = self._resource(nodes)
        collects = lists or nodes in self._with_items or is_noun
        standard = {"GET": "list", "POST": "create"}.get(operation.http, "") if collects else ""
        if standard == "list" and kind.is_known and not kind.is_list:
            standard = ""
        if standard and _does(operation, standard) and (resource, standard) not in self._taken:
            return self._free(resource, standard, operation)
        return self._free(resource, self._own_name(operation, resource), operation)

    def _action(self, operation: Operation, parent: tuple[Node, ...], last: tuple[str, ...]) -> Place:
        while parent[-1].is_parameter:
            parent = parent[:-1]
        resource = self._resource(parent)
        method = slug(list(last))
        # `/chat.list` and the like name their own method.
        if method == "list" and operation.http == "GET" and self._kinds[operation.key].is_list:
            return self._free(resource, method, operation)
        if method in RESERVED:
            method = INSTEAD.get(method) or f"{last[0]}_{slug(list(resource.split('_')[-1:]))}"
        return self._free(resource, method, operation)

    def _resource(self, nodes: tuple[Node, ...]) -> str:
        """Return the name of a resource: its nouns, with those of its parents in the singular."""
        chain: list[str] = []
        for place, node in enumerate(nodes):
            if node.is_parameter:
                continue
            owns = place + 1 < len(nodes) and nodes[place + 1].is_parameter
            words = list(node.words)
            if owns and words:
                words[-1] = _singular(words[-1])
            # `issue_issue_comments` says no more than `issue_comments`.
            chain += words[1:] if chain[-1:] == words[:1] and len(words) > 1 else words
        key = tuple(chain)
        if key not in self._resources:
            self._resources[key] = self._free_resource(chain)
        return self._resources[key]

    def _free_resource(self, chain: list[str]) -> str:
        name = slug(chain, LONGEST_RESOURCE) or "general"
        taken, count = set(self._resources.values()), 1
        candidate = name
        while candidate in taken:
            count += 1
            candidate = f"{name[:LONGEST_RESOURCE]}_{count}"
        return candidate

    def _own_name(self, operation: Operation, resource: str) -> str:
        """Return a method's name from its operationId or summary: its verb, and what the resource does not say."""
        known = set(resource.split("_")) | {_singular(word) for word in resource.split("_")}
        # An operationId that repeats the path says no more than that.
        texts = [text for text in (operation.operation_id, operation.summary) if "/" not in text]
        verb = first_verb(operation.http, operation.path, *texts)
        for text in texts:
            words = [word for word in words_of(text) if word not in FILLERS | HTTP_WORDS and len(word) > 1]
            words = [word for word in words if not word.isdecimal()]
            own = [word for word in words if word not in known and _singular(word) not in known]
            own = [word for word in own if word != verb and word.removesuffix("s") != verb]
            name = slug([*([verb] if verb and verb not in HTTP_WORDS else []), *own[:3]])
            if name and name not in RESERVED:
                return name
        return INSTEAD.get(verb, VERBS[operation.http])

    def _free(self, resource: str, method: str, operation: Operation) -> Place:
        """Take a place that is still free, and return it."""
        candidates = self._candidates(resource, method, operation)
        free = (each for each in candidates if (resource, each) not in self._taken)
        chosen = next(each for each in free if each == method or each not in RESERVED)
        self._taken.add((resource, chosen))
        return resource, chosen

    def _candidates(self, resource: str, method: str, operation: Operation) -> Iterator[str]:
        """Yield names for a method without end: its own, those that say more of it, then numbered ones."""
        yield method
        yield self._own_name(operation, resource)
        yield f"{VERBS[operation.http]}_{method}"[:LONGEST_METHOD]
        while True:
            # Each number is tried once, however many operations have the name.
            self._repeats[resource, method] += 1
            number = f"_{self._repeats[resource, method] + 1}"
            yield method[: min(LONGEST_NUMBERED, LONGEST_METHOD - len(number))] + number


def _does(operation: Operation, standard: str) -> bool:
    """Return whether an operation does what a standard method does, as far as its words say."""
    verb = first_verb(operation.http, operation.path, operation.summary, operation.operation_id)
    match standard:
        case "create":
            return verb not in NOT_CREATING
        case "update":
            return verb not in NOT_UPDATING
        case "delete":
            return not verb or verb in DELETING
        case _:
            return not effect_of(operation.http, operation.path, operation.operation_id, operation.summary).changes


@cache
def _is_plural(word: str) -> bool:
    return inflection.pluralize(word) == word and inflection.singularize(word) != word


@cache
def _singular(word: str) -> str:
    return inflection.singularize(word) if len(word) > 3 else word


def tool_names(integration: str, places: list[Place], singulars: dict[str, str]) -> dict[Place, str]:
    """Return names for the tools whose usual name is too long or taken."""
    own: dict[Place, str] = {}
    usual = {}
    for resource, method in places:
        singular = singulars.get(resource) or inflection.singularize(resource)
        usual[resource, method] = tool_name(integration, resource, singular, method)
    taken = {name for name in usual.values() if len(name) <= MAX_LENGTH}
    seen: set[str] = set()
    for place, name in usual.items():
        if len(name) <= MAX_LENGTH and name not in seen:
            seen.add(name)
            continue
        short = fitting(name)
        candidate, count = short, 1
        while candidate in taken or candidate in seen:
            count += 1
            candidate = f"{short[: MAX_LENGTH - len(str(count)) - 1].rstrip('_')}_{count}"
        own[place] = candidate
        seen.add(candidate)
    return own


def fitting(name: str) -> str:
    """Shorten a tool's name to 64 characters: drop repeated words, then small words, then abbreviate."""
    words = name.split("_")
    if len("_".join(words)) > MAX_LENGTH:
        words = [word for place, word in enumerate(words) if word not in words[:place]]
    if len("_".join(words)) > MAX_LENGTH:
        words = [word for word in words if word not in {*FILLERS, "single", "all", "id"}]
    while len("_".join(words)) > MAX_LENGTH and max(len(word) for word in words) > 4:
        longest = max(range(len(words)), key=lambda place: len(words[place]))
        words[longest] = words[longest][:-1]
    while len("_".join(words)) > MAX_LENGTH:
        del words[len(words) // 2]
    return "_".join(words)
