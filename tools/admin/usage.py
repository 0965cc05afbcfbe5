"""Usage beside documentation records: calls, failures, and calls whose arguments did not fit, in 30 days."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.pages import ModelAdmin, linked
from tools.documentation.preview import EXPOSED, stored_preview
from tools.models import Call, Documentation, Outcome
from tools.record.activity import SEARCHED, newest_of
from tools.record.usage import NEVER_USED, ToolUse, tools_used_everywhere

MOST_REASONS = 5
MANY_FAIL = 10  # percent

if TYPE_CHECKING:
    _Base = ModelAdmin
else:
    _Base = object


@dataclass(frozen=True)
class Misfits:
    """Recent calls of a tool whose arguments did not fit: how many, and the most frequent reasons."""

    calls: int
    reasons: list[tuple[str, int]] = field(default_factory=list)


class WithUsage(_Base):
    """Columns of the list and a panel of the editor, so that an editor sees what bad documentation costs."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look up the usage of all tools on the page at once."""
        changes = super().get_changelist_instance(request)
        used = tools_used_everywhere(_names(changes.result_list))
        for record in changes.result_list:
            record.use = used.get(stored_preview(record).name, NEVER_USED)
        return changes

    @admin.display(description="Calls, 30 d")
    def calls(self, record: Any) -> SafeString | str:
        """How often the tool was called, in all environments."""
        use: ToolUse = getattr(record, "use", NEVER_USED)
        if not use.calls:
            return "–"
        return linked("tools_call_changelist", f"{use.calls:,}", query=f"?tool={stored_preview(record).name}")

    @admin.display(description="Failed")
    def failed(self, record: Any) -> SafeString | str:
        """The share of calls that failed."""
        use: ToolUse = getattr(record, "use", NEVER_USED)
        if not use.calls:
            return "–"
        kind = "pb-refused" if use.error_rate >= MANY_FAIL else "pb-quiet"
        return format_html('<span class="{}">{} %</span>', kind, f"{use.error_rate:.0f}")

    def usage_panel(self, record: Documentation, name: str, *, may_see_calls: bool) -> dict[str, Any]:
        """Return the usage panel's context; reasons quote calls, so they require the right to view calls."""
        use = tools_used_everywhere([name]).get(name, NEVER_USED)
        misfits = misfits_of(name) if use.errors and may_see_calls else Misfits(0)
        return {"use": use, "misfits": misfits, "used_name": name}


def _names(records: Any) -> list[str]:
    return [shown.name for shown in map(stored_preview, records) if shown.state == EXPOSED]


def misfits_of(name: str) -> Misfits:
    """Return a tool's calls whose arguments did not fit, among the newest SEARCHED calls of all tools."""
    calls = newest_of(Call.objects.filter(tool=name, outcome=Outcome.INVALID), SEARCHED)
    errors = Counter(_reason(error) for error in calls.values_list("error", flat=True))
    return Misfits(errors.total(), errors.most_common(MOST_REASONS))


def _reason(error: str) -> str:
    """Return an error without the sentence that every such error begins with."""
    first, _, rest = error.partition(". ")
    return rest if first.startswith("The arguments do not fit") and rest else error
