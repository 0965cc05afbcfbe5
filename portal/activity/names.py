"""The names of the accounts, MCP servers and API tokens that calls refer to, which may no longer exist."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import ApiToken, IntegratedAccount
from mcpservers.models import MCPServer
from tools.models import Call


class CallNames:
    """A cache of names; a row that no longer exists has an empty one."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, str] = {}
        self.servers: dict[UUID, str] = {}
        self.tokens: dict[UUID, str] = {}

    def learn(self, calls: Iterable[Call]) -> None:
        """Read the names that these calls need and that are not cached, with at most one query per kind."""
        some = list(calls)
        self.learn_accounts({call.account_id for call in some})
        self.learn_servers({call.server_id for call in some if call.server_id is not None})
        self.learn_tokens({call.token_id for call in some if call.token_id is not None})

    def learn_accounts(self, ids: set[UUID]) -> None:
        unknown = ids - self.accounts.keys()
        if unknown:
            self.accounts |= dict.fromkeys(unknown, "")
            self.accounts |= dict(IntegratedAccount.objects.filter(pk__in=unknown).values_list("pk", "name"))

    def learn_servers(self, ids: set[UUID]) -> None:
        unknown = ids - self.servers.keys()
        if unknown:
            self.servers |= dict.fromkeys(unknown, "")
            self.servers |= dict(MCPServer.objects.filter(pk__in=unknown).values_list("pk", "name"))

    def learn_tokens(self, ids: set[UUID]) -> None:
        """Read the names of API tokens, each with the person it acts for."""
        unknown = ids - self.tokens.keys()
        if unknown:
            self.tokens |= dict.fromkeys(unknown, "")
            self.tokens |= {
                key: f"{name} (acts for {owner})" if owner else name
                for key, name, owner in ApiToken.objects.filter(pk__in=unknown).values_list("pk", "name", "owner_name")
            }
