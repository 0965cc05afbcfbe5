"""Choose the request that tests a connection: cheap, without parameters, and requiring authentication."""

from tools.openapi.naming.paths import nodes_of
from tools.openapi.reading.operations import Operation

# What vendors call the authenticated caller, most reliable first.
SELVES = (
    "me",
    "self",
    "whoami",
    "current",
    "viewer",
    "myself",
    "user",
    "account",
    "profile",
    "identity",
    "auth",
    "ping",
)
COMMON = frozenset({"users", "workspaces", "teams", "projects", "organizations", "accounts", "agents", "tickets"})
OPEN = frozenset({"status", "health", "version", "openapi", "docs", "login", "token", "authorize", "wellknown"})


def connection_path(operations: list[Operation], paths: dict[str, str], lists: set[str]) -> str:
    """Return the path of the connection test: `/me` or the like, else the first list, else any GET.

    `paths` are the definition's paths by operation; `lists` are the operations that return a list.
    """
    candidates = [
        each
        for each in operations
        if each.http == "GET"
        and each.key in paths
        and "{" not in paths[each.key]
        and not any(parameter.required for parameter in each.parameters if parameter.place != "header")
        and each.security != []
        and (not each.answer.schemas or any("json" in media or "*" in media for media in each.answer.schemas))
    ]
    if not candidates:
        return next(iter(paths.values()), "/")
    chosen = min(enumerate(candidates), key=lambda each: (_rank(each[1], each[1].key in lists), each[0]))[1]
    return paths[chosen.key]


def _rank(operation: Operation, is_list: bool) -> tuple[int, int]:
    nodes = nodes_of(operation.path)
    words = nodes[-1].words if nodes else ()
    last = "".join(words)
    for place, name in enumerate(SELVES):
        if last == name or (place < len(SELVES[:4]) and name in words):
            return place, len(nodes)
    if last in OPEN or not nodes:
        return 99, len(nodes)
    if is_list:
        return (40 if last in COMMON else 50), len(nodes)
    return 60, len(nodes)
