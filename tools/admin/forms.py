"""Forms of the admin pages: documentation records, definitions, bundle files."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.admin.json_editor import JSONDocumentField, JSONListField
from accounts.admin.pages import ModelForm
from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.integrated_accounts.moves import stopped_by, stopping_words
from accounts.models import Integration
from tools.models import Documentation


class DocumentationForm(ModelForm):
    """A documentation record. The quality gate does not keep it from being saved: a draft may be kept."""

    query_schema = JSONDocumentField(
        required=False, rows=16, help_text="JSON Schema of the path and query parameters, as one object."
    )
    body_schema = JSONDocumentField(required=False, help_text="JSON Schema of the body, as one object.")
    response_schema = JSONDocumentField(
        required=False,
        help_text="JSON Schema of the result; of one item where the method lists. Models get it as outputSchema.",
    )

    examples = JSONListField(
        required=False,
        help_text="Calls of the tool, each as an object of its arguments, for what these do not say by themselves. "
        "Models get them only in the listing for Anthropic's API.",
    )

    class Meta:
        model = Documentation
        fields = [
            "integration", "resource", "method", "tool_name", "title", "description",
            "query_schema", "body_schema", "response_schema", "examples", "published",
        ]  # fmt: skip
        widgets = {
            "resource": UnfoldAdminTextInputWidget({"class": "pb-mono", "spellcheck": "false"}),
            "method": UnfoldAdminTextInputWidget({"class": "pb-mono", "spellcheck": "false"}),
            "tool_name": UnfoldAdminTextInputWidget({"class": "pb-mono", "spellcheck": "false"}),
            "description": UnfoldAdminTextareaWidget({"rows": 9}),
        }

    def problems(self) -> tuple[str, ...]:
        """Return why this form cannot be saved, one sentence each that begins with the field's name."""
        # The quality gate reports a missing title or description itself, and says more.
        return tuple(
            f"{'record' if name == NON_FIELD_ERRORS else name}: {words}"
            for name, errors in self.errors.as_data().items()
            for error in errors
            if not (error.code == "required" and name in {"title", "description"})
            for words in error.messages
        )


class IntegrationForm(ModelForm):
    """An integration is its definition; name and label follow from it."""

    definition = JSONDocumentField(
        rows=36, help_text="How the vendor's API works. Its JSON Schema is at /integration-schema."
    )

    stop_accounts = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        label="Stop accounts whose secrets would go elsewhere",
        help_text="Needed only when a changed address or authentication would send secrets to a place they were not "
        "given for. Those accounts stop until one of their admins enters the secrets again.",
    )

    class Meta:
        model = Integration
        fields = ["definition"]

    def clean(self) -> dict[str, Any]:
        """Refuse a definition that stops accounts, unless the editor confirms it."""
        super().clean()
        document = self.cleaned_data.get("definition")
        # A new integration has no accounts that it could stop.
        if document is None or self.instance._state.adding or self.cleaned_data.get("stop_accounts"):
            return self.cleaned_data
        stops = stopped_by(self.instance, parse_definition(document))
        if stops:
            self.add_error("stop_accounts", f"{stopping_words(len(stops))} Switch this on to save anyway.")
        return self.cleaned_data

    def clean_definition(self) -> dict[str, Any]:
        """Return the document; report each problem with its place in it."""
        document: dict[str, Any] = self.cleaned_data["definition"]
        try:
            definition = parse_definition(document)
        except DefinitionInvalid as invalid:
            raise forms.ValidationError([forms.ValidationError(problem) for problem in invalid.problems]) from None
        if Integration.objects.filter(name=definition.name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"name: {definition.name} is the name of another integration.")
        return document


class BundleForm(forms.Form):
    """A bundle file or its text; after a refusal the text is shown so that it can be corrected."""

    file = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".yaml,.yml,.json"}),
        help_text="A bundle in YAML or JSON: a definition and its documentation records.",
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=UnfoldAdminTextareaWidget(
            {"rows": 16, "class": "pb-editor-text", "spellcheck": "false", "autocapitalize": "off", "wrap": "off"}
        ),
    )
    overwrite = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        label="Overwrite records that were edited here",
        help_text="Otherwise an edited record is kept as it is, and the summary names it.",
    )

    def clean_file(self) -> str:
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size is None or file.size > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(f"The file is larger than {settings.MAX_UPLOAD_BYTES:,} bytes.")
        try:
            content: bytes = file.read()
            return content.decode()
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8.") from None

    def clean(self) -> dict[str, Any]:
        """Prefer a chosen file to the text; show either one again."""
        text = self.cleaned_data.get("file") or self.cleaned_data.get("text") or ""
        if not text.strip() and "file" not in self.errors:
            raise forms.ValidationError("Choose a bundle file, or paste its text.")
        # A text beyond the form's size limit could not be submitted again, so its file has to be chosen anew.
        if isinstance(self.data, QueryDict) and len(text.encode()) < settings.MAX_BODY_BYTES // 2:
            self.data = {**self.data.dict(), "text": text}
        self.cleaned_data["text"] = text
        return self.cleaned_data
