"""What the lists of accounts and of MCP servers are narrowed to. All of it stands in the address."""

from django import forms
from django.db.models import Q, QuerySet
from django.forms.boundfield import BoundField

from accounts.models import Environment, IntegratedAccount, Integration
from mcpservers.models import MCPServer, MCPServerQuerySet

ANY = ("", "Any")


class ListFilter(forms.Form):
    """Words to search for, and choices; what is not offered filters nothing."""

    q = forms.CharField(required=False, max_length=80)

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # the query of a request

    @property
    def given(self) -> dict[str, str]:
        """The filters that were given, by name."""
        # The page tells what was found by itself; a form that nobody could have sent finds everything.
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def choices(self) -> list[BoundField]:
        """The fields that offer a choice."""
        return [self[name] for name in self._offered()]

    @property
    def in_words(self) -> str:
        """What was asked for, for a page on which nothing was found."""
        given = self.given
        words = [f"“{given['q']}”"] if "q" in given else []
        for name, options in self._offered().items():
            if name in given:
                words.append(f"{self[name].label} {options[given[name]]}".lower())
        return ", ".join(words)

    def _offered(self) -> dict[str, dict[str, str]]:
        """Return the words of each choice by its value, field by field; a single thing to choose is no choice."""
        fields = {name: field for name, field in self.fields.items() if isinstance(field, forms.ChoiceField)}
        offered = {name: dict(field.choices) for name, field in fields.items()}  # type: ignore[arg-type]  # flat pairs
        return {name: options for name, options in offered.items() if len(options) > 2}


class AccountFilter(ListFilter):
    """The filters of an environment's accounts: name, status, integration."""

    status = forms.ChoiceField(required=False, choices=[ANY, *IntegratedAccount.Status.choices])
    integration = forms.ChoiceField(required=False)

    def __init__(self, environment: Environment, data: object) -> None:
        super().__init__(data)
        connected = Integration.objects.filter(integrated_accounts__environment=environment).distinct()
        offered = [ANY, *connected.order_by("label").values_list("name", "label")]
        self.fields["integration"].choices = offered  # type: ignore[attr-defined]

    def narrow(self, accounts: QuerySet[IntegratedAccount]) -> QuerySet[IntegratedAccount]:
        """Keep the accounts that match every filter."""
        columns = {"q": "name__icontains", "status": "status", "integration": "integration__name"}
        return accounts.filter(**{columns[name]: value for name, value in self.given.items()})


class ServerFilter(ListFilter):
    """The filters of an account's MCP servers: name or end of the URL, status."""

    status = forms.ChoiceField(required=False, choices=[ANY, *MCPServer.Status.choices])

    def narrow(self, servers: MCPServerQuerySet) -> MCPServerQuerySet:
        """Keep the servers that match every filter."""
        given = self.given
        if "status" in given:
            servers = servers.in_status(given["status"])
        if "q" in given:
            # The last characters of a URL are what somebody has who found one in a client's settings.
            servers = servers.filter(Q(name__icontains=given["q"]) | Q(last_four=given["q"].removeprefix("…")))
        return servers
