"""What ends for good when a person is disabled, and so does not come back when they are enabled again.

Sessions and API tokens are this app's own. Apps to the right say here what of theirs ends with them.
"""

from collections.abc import Callable

from accounts import audit
from accounts.models import User

# Given the person and who disabled them; called within the transaction that does.
Ending = Callable[[User, audit.Actor], object]
_endings: list[Ending] = []


def ends_with_disabling(ending: Ending) -> Ending:
    """Have a function end what a person has, whenever one is disabled; usable as a decorator."""
    _endings.append(ending)
    return ending


def end_what_they_have(user: User, actor: audit.Actor) -> None:
    """End what a person has in other apps, who is disabled or was until now."""
    for ending in _endings:
        ending(user, actor)
