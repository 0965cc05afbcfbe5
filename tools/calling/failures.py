"""Translate a vendor's failure into a call's failure: its class, and the sentence that models and people read."""

from accounts.errors import (
    AuthorizationUnavailable,
    ReauthenticationNeeded,
    TokensUnreadable,
    UpstreamBusy,
    UpstreamDown,
    UpstreamFailure,
    UpstreamForbidden,
    UpstreamRevealing,
    UpstreamTooLarge,
    UpstreamUnreadable,
    UpstreamUnsendable,
    entry_for,
)
from accounts.vendors.connection import Connection
from tools.catalogue.unusable import RECONNECT, UNREADABLE
from tools.errors import AccountBusy, AccountUnusable, AnswerUnusable, CallFailed, VendorDown, VendorUnreachable

TOO_LARGE = (
    "{vendor}'s answer is too large to be read ({failure}). Ask for less: a lower limit, narrower filters, or a single "
    "record."
)
FAILURES: dict[type[Exception], tuple[type[CallFailed], str]] = {
    UpstreamFailure: (VendorUnreachable, "{vendor} gave no answer: {failure}."),
    ReauthenticationNeeded: (AccountUnusable, f"The account {{account!r}} must be connected again. {RECONNECT}"),
    TokensUnreadable: (AccountUnusable, UNREADABLE),
    AuthorizationUnavailable: (VendorUnreachable, "No access token could be obtained from {vendor}: {failure}."),
    UpstreamForbidden: (CallFailed, "The account's address may not be called: {failure}."),
    UpstreamUnsendable: (CallFailed, "The call cannot be made: {failure}."),
    UpstreamDown: (VendorDown, "{vendor} is down: {failure}."),
    UpstreamBusy: (AccountBusy, "Too much at once: {failure}."),
    UpstreamUnreadable: (AnswerUnusable, "{vendor} answered, but {failure}."),
    UpstreamTooLarge: (AnswerUnusable, TOO_LARGE),
    UpstreamRevealing: (AnswerUnusable, "{vendor} answered with {failure}."),
}


def call_failure(failure: UpstreamFailure, connection: Connection) -> CallFailed:
    """Return the exception for a call whose request brought no usable answer."""
    kind, sentence = entry_for(failure, FAILURES)
    return kind(
        sentence.format(vendor=connection.vendor, account=connection.account_name, failure=failure),
        retry_after=failure.retry_after,
        may_have_arrived=failure.may_have_arrived,
        timed_out=failure.timed_out,
        worth_repeating=failure.worth_repeating,
    )
