"""Filters of the account and MCP server lists, read from the query string."""

from django import forms
from django.db.models import Q, QuerySet
from django.forms.boundfield import BoundField

from accounts.models import Environment, IntegratedAccount, Integration
from mcpservers.models import MCPServer, MCPServerQuerySet

ANY = ("", "Any")


class ListFilter(forms.Form):
    """Search words and choices; a value that is not offered is ignored."""

    q = forms.CharField(required=False, max_length=80)

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # the query of a request

    @property
    def given(self) -> dict[str, str]:
        """The non-empty valid filters, by name."""
        # No errors are shown: a value that the page does not offer is dropped from `cleaned_data`.
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def choices(self) -> list[BoundField]:
        """The fields with more than one choice besides “Any”."""
        return [self[name] for name in self._offered()]

    @property
    def in_words(self) -> str:
        """The filters as text, for a page without results."""
        given = self.given
        words = [f"“{given['q']}”"] if "q" in given else []
        for name, options in self._offered().items():
            if name in given:
                words.append(f"{self[name].label} {options[given[name]]}".lower())
        return ", ".join(words)

    def _offered(self) -> dict[str, dict[str, str]]:
        """Return each field's labels by value, leaving out fields with a single choice besides “Any”."""
        fields = {name: field for name, field in self.fields.items() if isinstance(field, forms.ChoiceField)}
        offered = {name: dict(field.choices) for name, field in fields.items()}  # type: ignore[arg-type]  # flat pairs
        return {name: options for name, options in offered.items() if len(options) > 2}


class AccountFilter(ListFilter):
    """Filter an environment's accounts by name, status and integration."""

    status = forms.ChoiceField(required=False, choices=[ANY, *IntegratedAccount.Status.choices])
    integration = forms.ChoiceField(required=False)

    def __init__(self, environment: Environment, data: object) -> None:
        super().__init__(data)
        connected = Integration.objects.filter(integrated_accounts__environment=environment).distinct()
        offered = [ANY, *connected.order_by("label").values_list("name", "label")]
        self.fields["integration"].choices = offered  # type: ignore[attr-defined]

    def narrow(self, accounts: QuerySet[IntegratedAccount]) -> QuerySet[IntegratedAccount]:
        columns = {"q": "name__icontains", "status": "status", "integration": "integration__name"}
        return accounts.filter(**{columns[name]: value for name, value in self.given.items()})


class ServerFilter(ListFilter):
    """Filter an account's MCP servers by status, and by name or the last characters of the URL."""

    status = forms.ChoiceField(required=False, choices=[ANY, *MCPServer.Status.choices])

    def narrow(self, servers: MCPServerQuerySet) -> MCPServerQuerySet:
        given = self.given
        if "status" in given:
            servers = servers.in_status(given["status"])
        if "q" in given:
            # Someone who finds a URL in a client's settings knows its last characters, not the server's name.
            servers = servers.filter(Q(name__icontains=given["q"]) | Q(last_four=given["q"].removeprefix("…")))
        return servers
