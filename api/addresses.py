"""The addresses that programs use: the first segment of every path of both APIs, and of their description."""

PREFIXES = ("integrated-account", "api-token", "call", "documentation", "integration", "integration-schema", "api")
DESCRIPTION = "openapi.json"
# Where a client looks for an authorization server, and what it asks there.
WELL_KNOWN, OAUTH = ".well-known", "oauth"
# The portal's pages about the API, and where people allow a client something, lie below one of the prefixes.
PAGES = frozenset({"/api/docs", "/oauth/authorize"})
_FIRST = frozenset({*PREFIXES, DESCRIPTION, WELL_KNOWN, OAUTH})


def is_of_programs(path: str) -> bool:
    """Return whether only programs use a path, whatever their Accept header says."""
    return path.lstrip("/").partition("/")[0] in _FIRST and path.rstrip("/") not in PAGES
