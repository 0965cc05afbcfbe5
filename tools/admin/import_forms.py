"""Forms of the admin's imports: an uploaded text file, and an API description."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.definition import SLUG
from tools.openapi.importing import MAX_NAME, NAME_RULE


class UploadedText(forms.FileField):
    """A text file within the upload limit; its cleaned value is the text."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file: UploadedFile[Any] | None = super().clean(data, initial)
        if file is None:
            return ""
        if file.size is None or file.size > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(f"The file is larger than {settings.MAX_UPLOAD_BYTES:,} bytes.")
        content: bytes = file.read()
        try:
            # Some editors begin a file with a byte order mark.
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8.") from None


class DescriptionForm(forms.Form):
    """An API description, and the name of the integration to make from it."""

    file = UploadedText(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".yaml,.yml,.json"}),
        label="Description",
        help_text="OpenAPI 3.0 to 3.2, or Swagger 2.0, as JSON or YAML in one file. Nothing it refers to is fetched.",
    )
    name = forms.RegexField(
        SLUG,
        max_length=MAX_NAME,
        widget=UnfoldAdminTextInputWidget({"class": "pb-mono", "spellcheck": "false", "autocapitalize": "off"}),
        error_messages={"invalid": NAME_RULE.partition(": ")[2].capitalize()},
        help_text="Part of every tool's name, such as acme_desk. An existing integration of that name is updated.",
    )
    label = forms.CharField(
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget(),
        help_text="What people call the vendor; by default the description's title.",
    )
    base_url = forms.CharField(
        required=False,
        max_length=300,
        label="Address of the API",
        widget=UnfoldAdminTextInputWidget({"inputmode": "url", "spellcheck": "false", "autocapitalize": "off"}),
        help_text="Only if the description does not give it, or if another one is meant.",
    )
    overwrite = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        label="Overwrite what was edited here",
        help_text="Otherwise edited records and the chapters of the definition are kept as they are.",
    )
