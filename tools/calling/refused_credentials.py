"""Tell a call that its vendor refuses from an account whose credentials the vendor refuses."""

from dataclasses import replace

from accounts.integrated_accounts.standing import Standing, standing_of
from accounts.vendors.answers.vendor_errors import vendor_reason
from tools.calling.answers.answer import VendorAnswer
from tools.errors import CredentialsRefused

UNAUTHORIZED = 401


async def with_standing(answer: VendorAnswer) -> VendorAnswer:
    """Return an answer with what is known of the credentials; raise CredentialsRefused if the vendor refuses them."""
    if not _is_doubtful(answer):
        return answer
    standing = await standing_of(answer.connection, answer.tool.definition)
    if standing is Standing.REFUSED:
        connection, status = answer.connection, answer.response.status
        reason = (
            f"The account {connection.account_name!r} must be connected again: {connection.vendor} refuses its "
            f"credentials (HTTP {status})."
        )
        raise CredentialsRefused(reason, status, words=answer.refusal_words())
    return replace(answer, credentials_work=standing is Standing.ACCEPTED)


def _is_doubtful(answer: VendorAnswer) -> bool:
    """Return whether an answer may be a refusal of the credentials: a 401, or a code that the definition names."""
    status, codes = answer.response.status, answer.tool.definition.errors.credential_codes
    if status == UNAUTHORIZED:
        return True
    if not 400 <= status < 500 or not codes:
        return False
    return vendor_reason(answer.response, answer.tool.definition).code in codes
