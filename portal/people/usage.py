"""How much each person uses an environment's tools, for its admins."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Role
from portal.activity.forms import PERIODS
from portal.requests import PortalRequest, require, signed_in
from tools.record.activity import SEARCHED
from tools.record.people import use_by_people

USUAL = "30d"


@require_safe
@signed_in
def show(request: PortalRequest) -> HttpResponse:
    """Show who called in a period: calls, reads, writes, failures, and the last call."""
    environment = require(request, Role.ADMIN)
    period = request.GET.get("period", USUAL)
    if period not in PERIODS:
        period = USUAL
    context = {
        "section": "people",
        "use": use_by_people(environment.pk, timezone.now() - PERIODS[period][1]),
        "most": SEARCHED,
        "period": period,
        "periods": [(key, words) for key, (words, _) in PERIODS.items()],
    }
    return render(request, "people/usage.html", context)
