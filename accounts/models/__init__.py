"""The models of this app: people and their rights, integrations, connected accounts, the audit record."""

from accounts.models.api_tokens import ApiToken, TokenKind
from accounts.models.audit import AuditEntry
from accounts.models.changes import ChangeCount, LoggedChange
from accounts.models.grants import OAuthGrant
from accounts.models.heartbeats import Heartbeat
from accounts.models.identities import Identity
from accounts.models.integrations import IntegratedAccount, Integration
from accounts.models.invitations import Invitation, InvitationState
from accounts.models.keys import KeyCheck
from accounts.models.language_models import LanguageModel
from accounts.models.password_resets import PasswordReset
from accounts.models.people import Environment, Membership, Role, User
from accounts.models.probes import WriteProbe
from accounts.models.second_factors import SecondFactor
from accounts.models.sessions import FailedSignIns, Session

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ChangeCount",
    "Environment",
    "FailedSignIns",
    "Heartbeat",
    "Identity",
    "IntegratedAccount",
    "Integration",
    "Invitation",
    "InvitationState",
    "KeyCheck",
    "LanguageModel",
    "LoggedChange",
    "Membership",
    "OAuthGrant",
    "PasswordReset",
    "Role",
    "SecondFactor",
    "Session",
    "TokenKind",
    "User",
    "WriteProbe",
]
