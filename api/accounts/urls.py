"""URLs of API tokens and integrations; accounts are in api/tools/urls.py."""

from accounts.web.routing import page
from api.accounts.viewsets import ApiTokenViewSet, IntegrationSchemaView, IntegrationViewSet

urlpatterns = [
    *page("api-token", ApiTokenViewSet.as_view({"get": "list", "post": "create"}), "rest-api-tokens"),
    *page("api-token/<uuid:token_id>", ApiTokenViewSet.as_view({"delete": "destroy"}), "rest-api-token"),
    *page("integration", IntegrationViewSet.as_view({"get": "list"}), "api-integrations"),
    *page("integration-schema", IntegrationSchemaView.as_view(), "integration-schema"),
]
