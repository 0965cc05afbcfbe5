"""URLs of accounts, documentation records and calls; accounts are here because they include their number of tools."""

from accounts.web.routing import page
from api.tools.calls import CallViewSet
from api.tools.people import PersonUseViewSet
from api.tools.viewsets import AccountWithToolsViewSet, DocumentationViewSet, IntegrationLintViewSet

urlpatterns = [
    *page(
        "integrated-account",
        AccountWithToolsViewSet.as_view({"get": "list", "post": "create"}),
        "integrated-accounts",
    ),
    *page(
        "integrated-account/<uuid:account_id>",
        AccountWithToolsViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "integrated-account",
    ),
    *page("integration/<slug:name>/lint", IntegrationLintViewSet.as_view({"get": "retrieve"}), "integration-lint"),
    *page("documentation", DocumentationViewSet.as_view({"get": "list"}), "documentation-records"),
    *page(
        "documentation/<int:record_id>",
        DocumentationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        "documentation-record",
    ),
    *page("call", CallViewSet.as_view({"get": "list"}), "rest-calls"),
    *page("call/figures", CallViewSet.as_view({"get": "figures"}), "rest-call-figures"),
    *page("call/people", PersonUseViewSet.as_view({"get": "people"}), "rest-call-people"),
    *page("call/<int:call_id>", CallViewSet.as_view({"get": "retrieve"}), "rest-call"),
]
