"""What an operation does is read from its words: the words are those of public descriptions."""

from typing import Any

import pytest

from accounts.definition import Access
from tests.vendors.imported import described
from tools.effects import effect_of
from tools.openapi.proposal import propose
from tools.openapi.reading.document import read

# HTTP method, path, operation id, summary.
READS = [
    ("GET", "/admin.inviteRequests.list", "admin_inviteRequests_list", ""),
    ("GET", "/calls.info", "calls_info", ""),
    ("GET", "/pins.list", "pins_list", ""),
    ("GET", "/invites/{code}", "invite_resolve", ""),
    ("GET", "/tokens/{tokenId}", "getRefreshTokenForUser", "Retrieve a refresh token for a client"),
    ("GET", "/organizations/{id}/eventids/{event_id}/", "resolveEventId", "Resolve an Event ID"),
    ("GET", "/StatutoryLeaves/Summary/{EmployeeID}", "getStatutoryLeaveSummary", "Retrieves a summary of leaves"),
    ("GET", "/stocks/{ticker}/open-close", "OpenCloseDaily", "Daily Open/Close"),
    ("GET", "/orders", "orders", "Orders of a customer"),
    ("GET", "/exports/{id}/download", "downloadExport", "Download an export"),
    ("GET", "/close-reasons", "", "Close reasons"),
    ("GET", "/messages", "", ""),
    ("GET", "/users/deleted", "listDeletedUsers", "Lists deleted users"),
    ("GET", "/conversations.replies", "conversations_replies", ""),
    ("GET", "/search.messages", "search_messages", ""),
    ("GET", "/lists/{id}/size-and-edits-history", "get-/lists/size-and-edits-history", ""),
    ("GET", "/orders/{id}/history", "", "Order history"),
    ("GET", "/transfers", "", "Transfers of an account"),
    ("GET", "/orders/cancel-reasons", "", ""),
    ("GET", "/block/{height}", "", "Block at a height"),
    ("GET", "/updates", "", "Updates for an application"),
    ("GET", "/message-templates", "", "Message templates"),
    ("GET", "/cursor_or_page", "list_cursor_or_page", ""),
]
CHANGING_GETS = [
    ("GET", "/users/{id}/delete", "deleteUser", "Delete user"),
    ("GET", "/apps.uninstall", "apps_uninstall", ""),
    ("GET", "/auth.revoke", "auth_revoke", ""),
    ("GET", "/views.update", "views_update", ""),
    ("GET", "/account/cancel", "", "Cancel your account"),
    ("GET", "/tickets/{id}/close", "closeTicket", ""),
    ("GET", "/cache", "purgeCache", ""),
    ("GET", "/doTransfer", "", "Transfers money"),
    ("GET", "/get_and_delete", "", "Get and delete a message"),
    ("GET", "/set_status", "set_status", ""),
    ("GET", "/update", "", "Update thing"),
    ("GET", "/reset-password", "", "Reset password"),
    ("GET", "/sync", "", "Trigger sync"),
    ("GET", "/close", "", "Close connection"),
    ("GET", "/export", "export", "Start an export job"),
    ("GET", "/checkout", "", "Check out the cart"),
    ("GET", "/pop", "", "Pop a message"),
    ("GET", "/ack", "", "Acknowledge a message"),
    ("GET", "/users/remove/{id}", "", ""),
    ("GET", "/delete/{id}", "", ""),
    ("GET", "/t/{id}/remove/{k}", "", ""),
    ("GET", "/delete_user", "", ""),
    ("GET", "/user/deleteAll", "", ""),
    ("GET", "/t/{id}/cancel-order", "", ""),
]
DESTROYING = [
    ("DELETE", "/tickets/{id}", "", ""),
    ("POST", "/account/cancel", "cancelAccount", "Cancel your account"),
    ("POST", "/incidents/{id}/merge", "mergeIncidents", "Merge incidents"),
    ("POST", "/chat.delete", "chat_delete", ""),
    ("POST", "/cms/v3/pages/batch/archive", "post-/cms/v3/pages/batch/archive_archiveBatch", "Delete landing pages"),
    ("PUT", "/lists/{listId}/memberships/add-and-remove", "", "Add and/or Remove Records from a List"),
    ("PATCH", "/members", "", "Update or delete members"),
    ("POST", "/users/{id}/lifecycle/reset_password", "resetPassword", "Reset a password"),
    ("POST", "/users/{id}/regenerate_private_url_key", "", "Regenerate a user's calendar feed URL key"),
    ("POST", "/linode/instances/{id}/rebuild", "rebuildInstance", "Rebuild a Linode"),
    ("POST", "/gdpr/requests", "", "Create a deletion request"),
    ("POST", "/v2/catalog/batch-delete", "BatchDeleteCatalogObjects", "BatchDeleteCatalogObjects"),
    ("POST", "/Calls/{Sid}.json", "UpdateCall", "Initiates a call redirect or terminates a call"),
    ("POST", "/oauth2/revoke", "post_oauth2_revoke", "Revoke access token"),
    ("POST", "/rooms/{id}:end", "", ""),
    ("POST", "/cache", "purge", "Purges the cache"),
    ("POST", "/users/{id}/remove-members", "", ""),
    ("POST", "/bulk-delete", "", ""),
    ("POST", "/users:batchDelete", "", ""),
    ("POST", "/deleteUsers", "", ""),
    ("POST", "/destroy_all", "", ""),
    ("POST", "/t/{id}/cancelOrder", "", ""),
    ("PUT", "/a/{id}/force-close", "", ""),
    ("POST", "/members/{id}/expel", "", "Expel a member"),
    ("POST", "/f/search", "", "Search and delete"),
]
REACHING = [
    ("POST", "/tickets/{ticket_id}/reply", "replyTicket", "Reply to a ticket"),
    ("POST", "/messages", "createMessage", "Create a message"),
    ("POST", "/chat.postMessage", "chat_postMessage", ""),
    ("POST", "/chat.postEphemeral", "chat_postEphemeral", ""),
    ("POST", "/refunds", "post-refunds", "Refund a captured payment"),
    ("POST", "/admin.users.invite", "admin_users_invite", ""),
    ("POST", "/v1/invites", "", "Create a new invitation"),
    ("PUT", "/campaigns/{id}/send", "", "Send a campaign"),
    ("POST", "/templates/email/{name}/test", "sendTestEmail", "Send a test email"),
    ("POST", "/transfer/create", "transferCreate", "Create a transfer"),
    ("POST", "/t/{id}/send-reminder", "", ""),
    ("POST", "/shares/{id}/sell", "", "Sell shares"),
]
MILD = [
    ("POST", "/tickets", "createTicket", "Create a ticket"),
    ("PATCH", "/tickets/{id}", "updateTicket", "Update a ticket"),
    ("PUT", "/policies/{id}", "replacePolicy", "Replace a policy"),
    ("PATCH", "/settings", "", "Update the cancellation policy"),
    ("PUT", "/rules/{id}", "", "Update delete rules"),
    ("POST", "/terminals/scheduleActions", "post-terminals-scheduleActions", "Create a terminal action"),
    ("POST", "/api/v1/templates/sms", "createSmsTemplate", "Create an SMS template"),
    ("POST", "/v2/payment-links", "CreatePaymentLink", "CreatePaymentLink"),
    ("POST", "/users/{id}/notification_rules", "createUserNotificationRule", "Create a user notification rule"),
    ("POST", "/transfer/recurring/get", "transferRecurringGet", "Retrieve a recurring transfer"),
    ("POST", "/channels/{id}/threads", "create_thread_from_message", ""),
    ("POST", "/orders/calculate", "CalculateOrder", "CalculateOrder"),
    ("POST", "/tickets/search", "searchTickets", "Search deleted tickets"),
    ("POST", "/apps/{id}/lifecycle/activate", "activateApp", "Activate an app"),
]


@pytest.mark.parametrize("said", READS)
def test_a_get_reads_unless_its_words_plainly_change_something(said: tuple[str, str, str, str]) -> None:
    assert not effect_of(*said).changes


@pytest.mark.parametrize("said", CHANGING_GETS)
def test_a_get_with_a_changing_verb_is_a_write(said: tuple[str, str, str, str]) -> None:
    assert effect_of(*said).changes


@pytest.mark.parametrize("said", DESTROYING)
def test_what_takes_away_is_destructive_by_any_method(said: tuple[str, str, str, str]) -> None:
    assert effect_of(*said).destroys


@pytest.mark.parametrize("said", REACHING)
def test_what_reaches_a_person_is_known(said: tuple[str, str, str, str]) -> None:
    assert effect_of(*said).reaches


@pytest.mark.parametrize("said", MILD)
def test_other_writes_are_not_called_destructive(said: tuple[str, str, str, str]) -> None:
    effect = effect_of(*said)
    assert (effect.changes, effect.is_grave) == (True, False)


SEARCHES = [("searchTickets", "Search tickets", "Finds tickets by words."), ("", "Search deleted contacts", "")]
CHANGING_SEARCHES = [
    ("", "Deletes all matches", ""), ("", "Create a saved search", ""), ("", "Runs SQL statements", ""),
    ("search_g_and_replace", "", ""), ("", "Search", "Deletes all matches. Then it answers."),
]  # fmt: skip


@pytest.mark.parametrize(("words", "is_read"), [(each, True) for each in SEARCHES] + [
    (each, False) for each in CHANGING_SEARCHES
])  # fmt: skip
def test_a_search_by_post_is_a_read_if_all_of_its_words_say_so(words: tuple[str, str, str], is_read: bool) -> None:
    name, summary, description = words
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    answer = {"200": {"description": "ok", "content": {"application/json": {"schema": rows}}}}
    operation = {"operationId": name, "summary": summary, "description": description, "responses": answer}
    (resource,) = propose(
        read(described({"/z/search": {"post": operation}})), name="acme"
    ).definition.resources.values()
    (method,) = resource.methods.values()
    assert (method.access is Access.READ) is is_read


@pytest.mark.parametrize("said", [*READS, *CHANGING_GETS, *DESTROYING, *REACHING, *MILD])
def test_an_import_declares_what_the_words_say(said: tuple[str, str, str, str]) -> None:
    http, path, name, summary = said
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": {"200": {"description": "ok"}}}
    proposal = propose(read(described({path: {http.lower(): operation}})), name="acme")
    (resource,) = proposal.definition.resources.values()
    (method,) = resource.methods.values()
    effect = effect_of(*said)
    assert method.access is (Access.WRITE if effect.changes else Access.READ)
    assert (method.destructive is True or method.http == "DELETE") is effect.is_grave
