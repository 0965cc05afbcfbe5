"""The account as it is when the simulator starts."""

import random

from demo.account import Account
from demo.clock import Clock
from demo.dataset.cases import add_cases
from demo.dataset.chats import add_chats
from demo.dataset.emails import add_emails
from demo.dataset.people import add_people

SEED = 89102


def open_account(clock: Clock) -> Account:
    """Fill an account with data from before the clock's anchor."""
    account = Account(clock)
    rng = random.Random(SEED)
    add_people(account)
    add_cases(account, rng)
    add_chats(account, rng)
    add_emails(account, rng)
    return account
