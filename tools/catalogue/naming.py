"""The names of tools, and the groups of methods that filters use."""

import re

STANDARD = {
    "list": "list_all_{integration}_{resource}",
    "get": "get_single_{integration}_{singular}_by_id",
    "create": "create_a_{integration}_{singular}",
    "update": "update_a_{integration}_{singular}_by_id",
    "delete": "delete_a_{integration}_{singular}_by_id",
}
GROUPS = {"read": frozenset({"list", "get"}), "write": frozenset({"create", "update", "delete"})}
CUSTOM = "custom"
MAX_LENGTH = 64
TOOL_NAME = re.compile(r"[a-z0-9_]{1,64}")


def tool_name(integration: str, resource: str, singular: str, method: str) -> str:
    """Return the name that follows from an integration, a resource and a method."""
    pattern = STANDARD.get(method, "{integration}_{resource}_" + method)
    return pattern.format(integration=integration, resource=resource, singular=singular)


def group_of(method: str) -> str:
    """Return the group that a method belongs to: `read`, `write` or `custom`."""
    for group, methods in GROUPS.items():
        if method in methods:
            return group
    return CUSTOM
