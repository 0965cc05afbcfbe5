"""Who may change documentation and definitions, which all environments share; every edge asks here.

Functions that change a record or a definition take an editor and demand the rights themselves, so no edge can forget.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import PermissionDenied

from accounts import audit
from accounts.models import ApiToken, Role, TokenKind, User


class Right(StrEnum):
    """A right, named by the Django permission that grants it to a member of staff."""

    ADD_RECORD = "tools.add_documentation"
    CHANGE_RECORD = "tools.change_documentation"
    DELETE_RECORD = "tools.delete_documentation"
    ADD_DEFINITION = "accounts.add_integration"
    CHANGE_DEFINITION = "accounts.change_integration"
    DELETE_DEFINITION = "accounts.delete_integration"


# The rights that loading an import or a bundle needs.
IMPORTING = (Right.ADD_RECORD, Right.CHANGE_RECORD, Right.ADD_DEFINITION, Right.CHANGE_DEFINITION)


@dataclass(frozen=True)
class Operator:
    """The person at the server's command line, who can change everything anyway."""

    command: str

    def __str__(self) -> str:
        return f"the command {self.command}"


Editor = User | ApiToken | Operator


class RightsMissing(PermissionDenied):
    """The editor may not change what all environments share; the message says why and whom to ask."""


def may(editor: Editor, *rights: Right) -> bool:
    """Return whether an editor holds all of these rights now."""
    return not _refusal(editor, rights)


def demand(editor: Editor, *rights: Right) -> None:
    """Raise RightsMissing unless an editor holds all of these rights now."""
    words = _refusal(editor, rights)
    if words:
        raise RightsMissing(words)


def _refusal(editor: Editor, rights: tuple[Right, ...]) -> str:
    if isinstance(editor, Operator):
        return ""
    if isinstance(editor, User):
        return _refusal_of_person(editor, rights)
    if editor.kind == TokenKind.SERVICE or editor.owner is None:
        return (
            "Documentation is shared by all environments, and a service token acts for nobody, so it may not change "
            "it. Use a personal token of a member of the staff who may, or Django admin."
        )
    if not editor.may(Role.ADMIN):
        return "This requires an API token with the role admin, owned by an admin of its environment."
    return _refusal_of_person(editor.owner, rights)


def _refusal_of_person(person: User, rights: tuple[Right, ...]) -> str:
    if not (person.is_active and person.is_staff):
        return (
            f"Documentation is shared by all environments, so only a member of the staff may change it, and "
            f"{person.get_username()} is not one. Ask the person who runs this Patchbay."
        )
    missing = [right.value for right in rights if not person.has_perm(right.value)]
    if not missing:
        return ""
    return (
        f"{person.get_username()} does not have the permission {', '.join(missing)}, which this requires. "
        "Ask the person who runs this Patchbay for it."
    )


def person_of(editor: Editor) -> User | None:
    """Return the person whom versions name as their author; None for a command or a token without an owner."""
    return editor if isinstance(editor, User) else editor.owner if isinstance(editor, ApiToken) else None


def actor_of(editor: Editor) -> audit.Actor:
    """Return an editor as the audit record names it."""
    return str(editor) if isinstance(editor, Operator) else editor


def reason_of(editor: Editor, reason: str = "") -> str:
    """Return the reason to keep with a version: the given one, and the program unless a person did it by hand."""
    through = "" if isinstance(editor, User) else audit.name_of(actor_of(editor))
    return ": ".join(each for each in (reason, through) if each)
