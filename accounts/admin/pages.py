"""What the admin pages of every app share: themed classes with types, read-only records, how values are shown."""

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import admin as user_admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import InvalidPage
from django.db import DataError
from django.db.models import BinaryField, JSONField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold import admin as themed
from unfold import decorators
from unfold.paginator import InfinitePaginator

from accounts.models import User

if TYPE_CHECKING:
    # The theme ships no types. Its classes extend Django's, which are generic to the type checker only.
    _ModelAdmin = admin.ModelAdmin[Any]
    DjangoUserAdmin = user_admin.UserAdmin[User]
    _TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin = themed.ModelAdmin
    DjangoUserAdmin = user_admin.UserAdmin
    _TabularInline = themed.TabularInline
    ModelForm = forms.ModelForm

logger = logging.getLogger(__name__)

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

MAX_SEARCH = 200
STYLES = "admin-editor/admin.css"


class RowSelect(AutocompleteSelect):
    """A choice of rows; what no key of such rows looks like chooses none, where Django's own would fail."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Return the options, the chosen one among them."""
        return super().optgroups(name, [each for each in value if self._is_key(each)], attr)

    def _is_key(self, value: str) -> bool:
        try:
            self.field.target_field.to_python(value)
        except ValidationError:
            return False
        return True


def answering_odd_values(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer with 404 what Django's own pages hand to the database unread: ids and filters that no column takes."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = view(*args, **kwargs)
            # Rows are read while the page is written.
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
        except (ValidationError, ValueError, OverflowError, DataError, InvalidPage):
            # A fault of our own may look alike, so that it can be read in the log.
            logger.warning("an admin page could not use a value that it was given", exc_info=True)
            raise Http404("No row is found by such a value.") from None

    return wrapper


class ModelAdmin(_ModelAdmin):
    """The base of every admin page: theme, own styles, a warning before unsaved input is left."""

    warn_unsaved_form = True
    list_filter_submit = False
    list_per_page = 50
    # What the audit record calls such rows; where it has nothing of them, there is no history to show.
    audit_kind = ""

    class Media:
        css = {"all": [STYLES]}

    def get_urls(self) -> list[URLPattern]:
        """Hold every page of the model to an answer, whatever stands in its address."""
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = answering_odd_values(pattern.callback)
        return patterns

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Keep digests and documents out of filters: what an address compares them with, databases cannot."""
        named = [field for field in self.opts.fields if field.name == lookup.partition("__")[0]]
        if any(isinstance(field, BinaryField | JSONField) for field in named):
            return False
        return super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choose rows with a widget that no text makes fail."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Look for the first words alone: each becomes a condition of its own, and a database takes only so many."""
        return super().get_search_results(request, queryset, search_term[:MAX_SEARCH])

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of this id; raise Http404 for a missing one, and for a text that can be no id."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} has this id.")
        return row

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Offer the history only where there is one for this person."""
        context = {"show_history": self.shows_history(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Lead to what the audit record tells of a row: the admin's own log knows only what was changed here."""
        if not self.shows_history(request):
            raise PermissionDenied
        query = urlencode({"target_id": unquote(object_id), "action__startswith": f"{self.audit_kind}."})
        return HttpResponseRedirect(f"{reverse('admin:accounts_auditentry_changelist')}?{query}")

    def shows_history(self, request: HttpRequest) -> bool:
        """Tell whether there is a history of such rows, which this person may read."""
        return bool(self.audit_kind) and person(request).has_perm("accounts.view_auditentry")


class TabularInline(_TabularInline):
    """Rows of a table on another row's page, whose fields say their names: the theme leaves them to the head alone."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name the field's control for screen readers."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(field.label).capitalize()
        return field


class RecordAdmin(ModelAdmin):
    """Rows that the product writes and nobody edits, however many: no page counts them."""

    paginator = InfinitePaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only the product writes records."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a record that can be edited proves nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: records leave by retention alone."""
        return False


class Label(NamedTuple):
    """A state: `key` picks the colour in lists, `words` are what is read there and on the page of one row."""

    key: str
    words: str

    def __html__(self) -> str:
        """Return the words alone, for places that know no labels."""
        return conditional_escape(self.words)


def labelled(
    *, description: str, colours: dict[str, str], ordering: str | None = None
) -> Callable[[Decorated], Decorated]:
    """Show a column as a label; the column returns a Label, and `colours` names the theme's kind by key."""
    decorate: Callable[[Decorated], Decorated] = decorators.display(
        description=description, label=colours, ordering=ordering
    )
    return decorate


def page_action(
    *, description: str, icon: str, url_path: str, permissions: list[str]
) -> Callable[[Decorated], Decorated]:
    """Make a button of a list or change page: a link to a page of its own, which must change nothing on GET."""
    decorate: Callable[[Decorated], Decorated] = decorators.action(
        description=description, icon=icon, url_path=url_path, permissions=permissions
    )
    return decorate


def person(request: HttpRequest) -> User:
    """Return who is signed in; admin views answer nobody else."""
    return cast(User, request.user)


def pretty_json(value: Any) -> SafeString:
    """Show a JSON value as escaped text."""
    return format_html('<pre class="pb-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def mono(text: str) -> SafeString:
    """Show a name that programs use."""
    return format_html('<code class="pb-mono">{}</code>', text)


def linked(view: str, text: str, *args: Any, query: str = "") -> SafeString:
    """Link to another admin page, named as in `accounts_user_change`."""
    return format_html('<a class="pb-link" href="{}{}">{}</a>', reverse(f"admin:{view}", args=args), query, text)


def moment(value: datetime | None, *, none: str = "never") -> SafeString:
    """Show how long ago or ahead a time is, the exact one on hover."""
    if value is None:
        return format_html('<span class="pb-quiet">{}</span>', none)
    now = timezone.now()
    exact = f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if abs(value - now) < timedelta(minutes=1):
        words = "within a minute" if value > now else "just now"
    elif value > now:
        words = "in " + _short(timesince(now, value, depth=1))
    else:
        words = _short(timesince(value, now, depth=1)) + " ago"
    return format_html('<time class="pb-when" datetime="{}" title="{}">{}</time>', value.isoformat(), exact, words)


def _short(words: str) -> str:
    return re.sub(r"minutes?", "min", re.sub(r"hours?", "h", words))
