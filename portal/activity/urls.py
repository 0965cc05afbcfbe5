"""The URL patterns of calls: an environment's, an account's, and single ones."""

from accounts.web.routing import page
from portal.activity import views

ACCOUNT = "accounts/<uuid:account_id>"

urlpatterns = [
    *page("activity", views.activity, "activity"),
    *page("activity/export", views.export, "activity-export"),
    *page("activity/stream", views.stream_elsewhere, "activity-stream"),
    *page("activity/calls/<int:call_id>", views.show_call, "call"),
    *page(f"{ACCOUNT}/activity", views.activity, "account-activity"),
    *page(f"{ACCOUNT}/activity/export", views.export, "account-activity-export"),
]
