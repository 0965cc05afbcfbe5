"""What the list of accounts is narrowed to: by name, status and integration. All of it stands in the address."""

from django import forms
from django.db.models import QuerySet

from accounts.models import Environment, IntegratedAccount, Integration

ANY = ("", "Any")


class AccountFilter(forms.Form):
    """The filters of a request; what is not offered filters nothing."""

    q = forms.CharField(required=False, max_length=80)
    status = forms.ChoiceField(required=False, choices=[ANY, *IntegratedAccount.Status.choices])
    integration = forms.ChoiceField(required=False)

    def __init__(self, environment: Environment, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # the query of a request
        connected = Integration.objects.filter(integrated_accounts__environment=environment).distinct()
        offered = [ANY, *connected.order_by("label").values_list("name", "label")]
        self.fields["integration"].choices = offered  # type: ignore[attr-defined]
        # The page tells what was found by itself; a form that nobody could have sent finds everything.
        self.is_valid()
        self.given: dict[str, str] = {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def offers_integrations(self) -> bool:
        """Whether there is a choice: accounts of one integration need none."""
        return len(self.fields["integration"].choices) > 2  # type: ignore[attr-defined]

    def narrow(self, accounts: QuerySet[IntegratedAccount]) -> QuerySet[IntegratedAccount]:
        """Keep the accounts that match every filter."""
        columns = {"q": "name__icontains", "status": "status", "integration": "integration__name"}
        return accounts.filter(**{columns[name]: value for name, value in self.given.items()})
