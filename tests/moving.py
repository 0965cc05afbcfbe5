"""Take an account to another address as an admin does, who gives its secrets again."""

from accounts.integrated_accounts.lifecycle import reconnect_account
from accounts.models import IntegratedAccount


def move(account: IntegratedAccount, base_url: str) -> None:
    """Have an account call another address with the secrets that it has."""
    reconnect_account(account, "tests", fields=account.read_credentials(), base_url=base_url, verify=False)
