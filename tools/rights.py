"""Who may change documentation and definitions, which all environments share. Decided here, whoever asks at which edge.

Whatever changes a record or a definition takes an editor and demands the rights for it, so that no edge can forget to.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import PermissionDenied

from accounts import audit
from accounts.models import ApiToken, Role, TokenKind, User


class Right(StrEnum):
    """One right, by the name of Django's permission that gives it to a member of the staff."""

    ADD_RECORD = "tools.add_documentation"
    CHANGE_RECORD = "tools.change_documentation"
    DELETE_RECORD = "tools.delete_documentation"
    ADD_DEFINITION = "accounts.add_integration"
    CHANGE_DEFINITION = "accounts.change_integration"
    DELETE_DEFINITION = "accounts.delete_integration"


# What an import or a bundle may do.
IMPORTING = (Right.ADD_RECORD, Right.CHANGE_RECORD, Right.ADD_DEFINITION, Right.CHANGE_DEFINITION)


@dataclass(frozen=True)
class Operator:
    """Whoever runs a command on the server itself, where everything may be changed anyway."""

    command: str

    def __str__(self) -> str:
        return f"the command {self.command}"


Editor = User | ApiToken | Operator


class RightsMissing(PermissionDenied):
    """Somebody may not change what all environments share; the message says why, and whom to ask."""


def may(editor: Editor, *rights: Right) -> bool:
    """Tell whether an editor has all of these rights now."""
    return not _refusal(editor, rights)


def demand(editor: Editor, *rights: Right) -> None:
    """Raise RightsMissing unless an editor has all of these rights now."""
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
            "Documentation is shared by all environments, and a service token acts for nobody, so that it may not "
            "change it. Use a personal token of a member of the staff who may, or Django admin."
        )
    if not editor.may(Role.ADMIN):
        return "This takes an API token with the role admin, of somebody who is admin of its environment."
    return _refusal_of_person(editor.owner, rights)


def _refusal_of_person(person: User, rights: tuple[Right, ...]) -> str:
    if not (person.is_active and person.is_staff):
        return (
            f"Documentation is shared by all environments, so that only a member of the staff may change it, and "
            f"{person.get_username()} is none. Ask whoever runs this Patchbay."
        )
    missing = [right.value for right in rights if not person.has_perm(right.value)]
    if not missing:
        return ""
    return (
        f"{person.get_username()} does not have the permission {', '.join(missing)}, which this takes. "
        "Ask whoever runs this Patchbay for it."
    )


def person_of(editor: Editor) -> User | None:
    """Return the person behind an editor, whose name versions carry."""
    return editor if isinstance(editor, User) else editor.owner if isinstance(editor, ApiToken) else None


def actor_of(editor: Editor) -> audit.Actor:
    """Return how the audit record is to name an editor."""
    return str(editor) if isinstance(editor, Operator) else editor


def reason_of(editor: Editor, reason: str = "") -> str:
    """Return why a version came about: as was said, and by what program where no person did it by hand."""
    through = "" if isinstance(editor, User) else audit.name_of(actor_of(editor))
    return ": ".join(each for each in (reason, through) if each)
