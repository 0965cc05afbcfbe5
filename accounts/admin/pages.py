"""Shared parts of every app's admin pages: typed theme classes, read-only records, formatting of values."""

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
    """An autocomplete that ignores values which cannot be keys, where Django's own raises an error."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [each for each in value if self._is_key(each)], attr)

    def _is_key(self, value: str) -> bool:
        try:
            self.field.target_field.to_python(value)
        except ValidationError:
            return False
        return True


def answering_odd_values(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 404 to ids and filter values that no column accepts; Django passes them to the database unchecked."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = view(*args, **kwargs)
            # Rendered here, because lazy querysets run their queries during rendering.
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
        except (ValidationError, ValueError, OverflowError, DataError, InvalidPage):
            # A bug of our own may raise the same, so it must be visible in the log.
            logger.warning("an admin page could not use a value in the request", exc_info=True)
            raise Http404("No row matches this value.") from None

    return wrapper


class ModelAdmin(_ModelAdmin):
    """The base of every admin page: theme, own styles, a warning about unsaved input."""

    warn_unsaved_form = True
    list_filter_submit = False
    list_per_page = 50
    # The audit record's name for these rows; empty where it has none, and so no history to show.
    audit_kind = ""

    class Media:
        css = {"all": [STYLES]}

    def get_urls(self) -> list[URLPattern]:
        """Wrap every view, so that no value in a URL causes a server error."""
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = answering_odd_values(pattern.callback)
        return patterns

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Exclude binary and JSON columns: databases fail on comparing them with a text from the URL."""
        named = [field for field in self.opts.fields if field.name == lookup.partition("__")[0]]
        if any(isinstance(field, BinaryField | JSONField) for field in named):
            return False
        return super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use `RowSelect` for autocompletes, which tolerates invalid keys."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Cut long searches: each word becomes a condition, and databases limit their number."""
        return super().get_search_results(request, queryset, search_term[:MAX_SEARCH])

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row with this id; raise Http404 if there is none or the text is not an id."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(f"No {self.opts.verbose_name} has this id.")
        return row

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Hide the history link from people who may not read the history."""
        context = {"show_history": self.shows_history(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Redirect to the row's audit entries: the admin's own log has only the changes made in admin."""
        if not self.shows_history(request):
            raise PermissionDenied
        query = urlencode({"target_id": unquote(object_id), "action__startswith": f"{self.audit_kind}."})
        return HttpResponseRedirect(f"{reverse('admin:accounts_auditentry_changelist')}?{query}")

    def shows_history(self, request: HttpRequest) -> bool:
        """Return whether the audit record covers these rows and this person may read it."""
        return bool(self.audit_kind) and person(request).has_perm("accounts.view_auditentry")


class TabularInline(_TabularInline):
    """An inline whose fields have accessible names; the theme labels only the column heads."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Label the control for screen readers."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(field.label).capitalize()
        return field


class RecordAdmin(ModelAdmin):
    """Read-only rows that the product writes; too many to count on each page."""

    paginator = InfinitePaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only the product writes records."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a record that can be edited proves nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: only retention deletes records."""
        return False


class Label(NamedTuple):
    """A state: `key` picks the colour in lists, `words` is the text shown there and on the row's own page."""

    key: str
    words: str

    def __html__(self) -> str:
        """Return the words alone, for templates that do not render labels."""
        return conditional_escape(self.words)


def labelled(
    *, description: str, colours: dict[str, str], ordering: str | None = None
) -> Callable[[Decorated], Decorated]:
    """Show a column that returns a Label as a coloured label; `colours` maps its key to the theme's colour name."""
    decorate: Callable[[Decorated], Decorated] = decorators.display(
        description=description, label=colours, ordering=ordering
    )
    return decorate


def page_action(
    *, description: str, icon: str, url_path: str, permissions: list[str]
) -> Callable[[Decorated], Decorated]:
    """Turn a view into a button on a list or change page. It links by GET, which must change nothing."""
    decorate: Callable[[Decorated], Decorated] = decorators.action(
        description=description, icon=icon, url_path=url_path, permissions=permissions
    )
    return decorate


def person(request: HttpRequest) -> User:
    """Return the signed-in user; admin views require one."""
    return cast(User, request.user)


def pretty_json(value: Any) -> SafeString:
    """Return a JSON value as escaped, indented HTML."""
    return format_html('<pre class="pb-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def mono(text: str) -> SafeString:
    """Return an identifier in monospaced HTML."""
    return format_html('<code class="pb-mono">{}</code>', text)


def linked(view: str, text: str, *args: Any, query: str = "") -> SafeString:
    """Return a link to another admin page; `view` is a name such as `accounts_user_change`."""
    return format_html('<a class="pb-link" href="{}{}">{}</a>', reverse(f"admin:{view}", args=args), query, text)


def moment(value: datetime | None, *, none: str = "never") -> SafeString:
    """Return a time relative to now, with the exact time on hover; `none` replaces a missing one."""
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
