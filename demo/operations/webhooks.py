"""v2/webhooks: stored, but never called, since the simulator opens no connections."""

from demo.account import Account
from demo.errors import BadRequest
from demo.records.organisation import Webhook
from demo.routing import Route, RoutedRequest


def list_webhooks(account: Account, call: RoutedRequest) -> object:
    """List the webhooks."""
    return [webhook.summary() for webhook in account.webhooks]


def create_webhook(account: Account, call: RoutedRequest) -> object:
    """Create a webhook."""
    object_type, action, url = (call.form.required(name) for name in ("objectType", "action", "url"))
    if not url.startswith(("https://", "http://")):
        raise BadRequest("url", "this must begin with https:// or http://.")
    webhook = Webhook(id=account.webhooks.next_id(), object_type=object_type, action=action, url=url)
    return account.webhooks.add(webhook).summary()


def delete_webhook(account: Account, call: RoutedRequest) -> object:
    """Delete a webhook."""
    webhook = account.webhooks.get(call.ids[0])
    account.webhooks.remove(webhook)
    return {"id": webhook.id, "deleted": True}


ROUTES = (
    Route("GET", "v2/webhooks", "webhooks", list_webhooks),
    Route("POST", "v2/webhooks", "webhooks_update", create_webhook),
    Route("DELETE", "v2/webhooks/{id}", "webhooks_update", delete_webhook),
)
