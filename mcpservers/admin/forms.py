"""The form of an MCP server's admin page: its filters as checkboxes, and the policy's reasons beside them."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin.pages import ModelForm
from mcpservers.errors import PolicyRefused
from mcpservers.lifecycle import FILTERS, check_expiry, tools_for
from mcpservers.models import MCPServer
from tools.catalogue.compilation import catalogue_of

PLACES = {"config.methods": "methods", "config.tags": "tags", "config.tools": "tools", "expires_at": "expires_at"}


class ServerAdminForm(ModelForm):
    """A server's settings that may be changed in the admin."""

    methods = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget(), help_text="None ticked: all methods."
    )
    tags = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None ticked: tools with any tag or none.",
    )
    tools = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None ticked: every tool that the other filters leave.",
    )

    class Meta:
        model = MCPServer
        fields = [
            "name", "methods", "tags", "tools", "search_mode", "results", "output_schema", "require_api_token_auth",
            "expires_at",
        ]  # fmt: skip
        labels = {
            "output_schema": "List an outputSchema",
            "require_api_token_auth": "Also ask for an API token",
            "expires_at": "Ends",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        catalogue = catalogue_of(self.instance.account.integration)
        for name, known in (
            ("methods", catalogue.method_filters),
            ("tags", catalogue.tag_filters),
            ("tools", [*catalogue.tools]),
        ):
            field = self.fields.get(name)
            if isinstance(field, forms.MultipleChoiceField):
                # A filter may name what the integration no longer has: it stays visible, so that it can be removed.
                choices = [*known, *(value for value in getattr(self.instance, name) if value not in known)]
                field.choices = [(value, value) for value in choices]

    def clean(self) -> dict[str, Any]:
        """Check the changed settings against the policy, and put its reasons beside the fields."""
        data = self.cleaned_data
        try:
            if "expires_at" in self.changed_data:
                check_expiry(data.get("expires_at"))
            if {*FILTERS} & {*self.changed_data} and not self.errors:
                tools_for(self.instance.account, *(data[name] for name in FILTERS))
        except PolicyRefused as refused:
            for place, reason in refused.problems.items():
                self.add_error(PLACES.get(place), reason)
        return data

    def settings(self) -> dict[str, Any]:
        """Return the changed settings by their names in the policy."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
