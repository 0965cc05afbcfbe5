"""Why an account cannot be used, and who can change that: sentences that models and people read."""

import logging
from uuid import UUID

from accounts.errors import CredentialsUnreadable

logger = logging.getLogger(__name__)

RECONNECT = "Do not try again: ask the person to open the account in Patchbay and connect it again."
ENABLE = "Do not try again: an admin has to enable it in Patchbay first, so tell the person."
ADDRESS = "Do not try again: an admin has to correct its address in Patchbay first, so tell the person."
DEFINITION = "Do not try again: somebody who edits definitions in Patchbay has to correct it first, so tell the person."
# It is neither the account's nor the vendor's fault, so nobody should give credentials again because of it.
UNREADABLE = (
    "The account {account!r} cannot be used now: Patchbay cannot decrypt its stored credentials, so nothing was sent. "
    "Do not try again: only the operator of this Patchbay can put that right, in its configuration, so tell the person."
)


def log_unreadable(account_id: UUID, problem: CredentialsUnreadable) -> None:
    """Tell the operator whose credentials cannot be decrypted, and why."""
    logger.error(
        "The credentials of account %s cannot be decrypted: %s. Run `manage.py check_keys`.", account_id, problem
    )
