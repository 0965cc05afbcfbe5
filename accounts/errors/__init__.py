"""What can go wrong in this app.

AccountError
├── ConnectionRefused        the vendor refused the connection test, or could not be asked
├── CredentialsUnreadable    stored credentials cannot be decrypted
├── KeysUnusable             this process has other keys than the database was used with
├── SecretsMoved             the account would send its secrets to an address that they were not given for
├── AccountChanged           somebody else changed the account at the same time
├── ConsentNeeded            a person has to consent at the vendor, in the portal
├── ConsentFailed            a request for consent has produced no account
├── TokenRefused             the vendor's authorization server refuses a token
├── ConnectionIncomplete     a connection field of the definition is missing or malformed
├── MemberRefused            a change of an environment's members is not possible
│   └── InvitationUnusable       the link has no invitation, or none that can still be accepted
├── PasswordLinkUnusable     a link for a new password is nobody's
├── SignInRefused            an attempt to sign in or to confirm an identity is not accepted now
├── SignOnFailed             single sign-on has let nobody in
├── AddressRefused           a valid API token may not be used from this address
├── TokenUnfit               an API token with these settings cannot be issued; names the field and the reason
├── DefinitionInvalid        a definition does not fit its schema
├── AllowanceUsedUp          an MCP server, API token or person has reached one of Patchbay's limits
├── NetworkInvalid           a text is not a network, or there are too many
├── NotJSON                  a text is not JSON
│   ├── NumberTooLarge           it may be JSON, but has a number that no float holds
│   └── BeyondLimits             it may be JSON, but exceeds a limit
│       ├── TooDeep                  nested deeper than MAX_JSON_DEPTH
│       └── TooMany                  more than MAX_JSON_VALUES values
└── UpstreamFailure          a request to a vendor brought no usable answer
    ├── TokensUnreadable         the stored tokens cannot be decrypted, which is the operator's matter
    ├── ReauthenticationNeeded   the vendor no longer accepts the stored credentials; a person must reconnect
    ├── AuthorizationUnavailable no new token is available at present
    ├── UpstreamForbidden        the address may not be called
    ├── UpstreamUnsendable       the request or its address is malformed
    ├── UpstreamDown             the vendor did not answer, and is not called for a while
    ├── UpstreamBusy             the account has its maximum of calls under way
    ├── UpstreamUnreachable      no connection could be made
    ├── UpstreamTimeout          no complete answer within the time allowed
    ├── UpstreamBroken           the connection ended before the answer did
    ├── UpstreamUnreadable       the answer's compression cannot be read
    ├── UpstreamTooLarge         the answer exceeds the size allowed
    └── UpstreamRevealing        the answer repeats credentials that cannot be masked

OperationalError             Django's
├── DatabaseAway             the database does not answer, and is not asked until it does
└── DatabaseBusy             the database, or the way to it, has more to do than fits into the time allowed

Errors that other rooms handle are defined here: `refusals`, `upstream` and `database` each have a part of the tree. A
ValueError that callers in this room translate is defined beside the code that raises it.
"""

from accounts.errors.database import DatabaseAway, DatabaseBusy
from accounts.errors.refusals import (
    AccountChanged,
    AccountError,
    AddressRefused,
    AllowanceUsedUp,
    BeyondLimits,
    ConnectionIncomplete,
    ConnectionRefused,
    ConsentFailed,
    ConsentNeeded,
    CredentialsUnreadable,
    DefinitionInvalid,
    InvitationUnusable,
    KeysUnusable,
    MemberRefused,
    NetworkInvalid,
    NotJSON,
    NumberTooLarge,
    PasswordLinkUnusable,
    SecretsMoved,
    SignInRefused,
    SignOnFailed,
    TokenRefused,
    TokenUnfit,
    TooDeep,
    TooMany,
)
from accounts.errors.translation import entry_for
from accounts.errors.upstream import (
    AuthorizationUnavailable,
    ReauthenticationNeeded,
    TokensUnreadable,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamFailure,
    UpstreamForbidden,
    UpstreamRevealing,
    UpstreamTimeout,
    UpstreamTooLarge,
    UpstreamUnreachable,
    UpstreamUnreadable,
    UpstreamUnsendable,
)

__all__ = [
    "AccountChanged",
    "AccountError",
    "AddressRefused",
    "AllowanceUsedUp",
    "AuthorizationUnavailable",
    "BeyondLimits",
    "ConnectionIncomplete",
    "ConnectionRefused",
    "ConsentFailed",
    "ConsentNeeded",
    "CredentialsUnreadable",
    "DatabaseAway",
    "DatabaseBusy",
    "DefinitionInvalid",
    "InvitationUnusable",
    "KeysUnusable",
    "MemberRefused",
    "NetworkInvalid",
    "NotJSON",
    "NumberTooLarge",
    "PasswordLinkUnusable",
    "ReauthenticationNeeded",
    "SecretsMoved",
    "SignInRefused",
    "SignOnFailed",
    "TokenRefused",
    "TokenUnfit",
    "TokensUnreadable",
    "TooDeep",
    "TooMany",
    "UpstreamBroken",
    "UpstreamBusy",
    "UpstreamDown",
    "UpstreamFailure",
    "UpstreamForbidden",
    "UpstreamRevealing",
    "UpstreamTimeout",
    "UpstreamTooLarge",
    "UpstreamUnreachable",
    "UpstreamUnreadable",
    "UpstreamUnsendable",
    "entry_for",
]
