"""Forms of the pages about people."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UserCreationForm
from django.http import HttpRequest

from accounts.errors import SignInRefused
from accounts.models import Role, User
from accounts.signing_in.backend import is_password_of
from accounts.signing_in.passwords import may_use_password

if TYPE_CHECKING:
    # Django's form classes are generic only in its type stubs.
    _UserForm = forms.ModelForm[User]
    _NewUserForm = UserCreationForm[User]
else:
    _UserForm = forms.ModelForm
    _NewUserForm = UserCreationForm


class SignInForm(AuthenticationForm):
    """Name and password; an error does not say which of them was wrong."""

    error_messages = {
        "invalid_login": "This name and password do not match. Check both; capital letters matter.",
        # The same text, so that it does not reveal which accounts exist.
        "inactive": "This name and password do not match. Check both; capital letters matter.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal: SignInRefused | None = None

    def clean(self) -> dict[str, Any]:
        """Check name and password; keep the refusal after too many attempts."""
        try:
            return super().clean()
        except SignInRefused as refusal:
            self.refusal = refusal
            raise forms.ValidationError(str(refusal)) from None


class CodeForm(forms.Form):
    """A second-factor code or a recovery code."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        error_messages={"required": "Enter the code that your authenticator shows, or a recovery code."},
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True}),
    )


class RemoveFactorForm(CodeForm):
    """The password, for people who have one, and a code, to remove the second factor."""

    password = forms.CharField(widget=forms.PasswordInput({"autocomplete": "current-password"}), strip=False)

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self._user = user
        if not may_use_password(user):  # the page asks for a recent sign-in in any case
            del self.fields["password"]
        # The profile page has several forms; the focus would jump to the middle of it.
        self.fields["code"].widget.attrs.pop("autofocus")

    def clean_password(self) -> str:
        return own_password(self._request, self._user, self.cleaned_data["password"])


class OwnPasswordForm(PasswordChangeForm):
    """Change the password; requires the current one."""

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self._request = request

    def clean_old_password(self) -> str:
        return own_password(self._request, self.user, self.cleaned_data["old_password"])


def own_password(request: HttpRequest, user: User, password: str) -> str:
    """Return the password if it is the user's; raise ValidationError if it is wrong or after too many attempts."""
    try:
        correct = is_password_of(request, user, password)
    except SignInRefused as refusal:
        raise forms.ValidationError(str(refusal)) from None
    if not correct:
        raise forms.ValidationError("This is not your password.")
    return password


class AddressForm(forms.Form):
    """An email address."""

    email = forms.EmailField(
        max_length=254,
        label="Email address",
        error_messages={"required": "Type your email address."},
        widget=forms.EmailInput({"autocomplete": "email", "autofocus": True}),
    )


class DetailsForm(_UserForm):
    """Name and email address of a user."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]


class JoinForm(_NewUserForm):
    """A new user who joins by invitation; the email address comes from the invitation and is not a field."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name"]

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.email = email
        self.fields["username"].label = "Name to sign in with"
        self.fields["username"].help_text = "Letters, digits and @ . + - _"
        self.fields["username"].widget.attrs.pop("autofocus", None)  # the form is in the middle of the page
        self.fields["password1"].help_text = "At least 8 characters, not only digits, and not easily guessed."
        self.fields["password2"].label = "Password again"
        self.fields["password2"].help_text = ""


class RoleForm(forms.Form):
    """A member's new role."""

    role = forms.ChoiceField(choices=Role.choices)


class AuditFilter(forms.Form):
    """Filter the audit entries by actor and kind."""

    who = forms.CharField(required=False, max_length=80, label="Who", widget=forms.TextInput({"autocomplete": "off"}))
    what = forms.ChoiceField(required=False, label="What")

    def __init__(self, kinds: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [("", "Everything"), *kinds.items()]  # type: ignore[attr-defined]
