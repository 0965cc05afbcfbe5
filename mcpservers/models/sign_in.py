"""What people let clients do at servers that ask for sign-in: clients, connections, codes and tokens (OAuth 2.1).

The toolkit issues and checks codes and tokens; these are its models, each of which belongs to a connection. Tokens and
codes are stored as digests only.
"""

import hashlib
import re
import uuid
from collections.abc import Collection
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from oauth2_provider.models import AbstractAccessToken, AbstractApplication, AbstractGrant, AbstractRefreshToken

from accounts.changes import ChangeKind
from accounts.models import Membership, Role, User
from accounts.models.announced import AnnouncedQuerySet, AnnouncedRow
from accounts.models.audit import AuditSubject
from accounts.texts.invisible import visible
from mcpservers.models.servers import MCPServer

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_REDIRECTS = 10
MAX_REDIRECT = 2000
MAX_NAME = 100
# RFC 3986, 2: those of an address; and a host and port without user name, wildcard and encoded characters.
URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
AUTHORITY = re.compile(r"(?:[A-Za-z0-9\-._]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


def is_loopback(uri: str) -> bool:
    """Return whether a redirect address is one of the person's own machine (RFC 8252, 7.3)."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def redirect_problem(uri: str) -> str:
    """Return why a client cannot have a redirect address, or nothing."""
    if len(uri) > MAX_REDIRECT:
        return f"A redirect address has at most {MAX_REDIRECT} characters."
    if not URI_CHARACTERS.fullmatch(uri):
        # Browsers read others in ways of their own, and people may see another host than they are sent to.
        return "A redirect address has the characters of an address only, with any others encoded (RFC 3986)."
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        return "A redirect address cannot be read."
    if not parts.hostname or not AUTHORITY.fullmatch(parts.netloc) or "#" in uri:
        return "A redirect address has a host by its plain name, and neither a user name, a fragment nor a wildcard."
    if parts.scheme != "https" and not is_loopback(uri):
        return "A redirect address is https, or http on localhost, 127.0.0.1 or [::1]."
    return ""


class RegisteredClient(AnnouncedRow, AbstractApplication):  # type: ignore[misc]  # the toolkit has no annotations
    """A program that people may let use servers: registered by itself, by its document, or by an admin."""

    name: str
    # Clients belong to no person.
    user = property(lambda _: None, lambda *_: None)
    # Nor have they a page of their own, which the admin would link to: without a getter, there is no such attribute.
    get_absolute_url = property()

    objects: ClassVar[Any] = AnnouncedQuerySet.as_manager()

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]  # likewise
        verbose_name = "registered client"
        base_manager_name = "objects"

    def clean(self) -> None:
        """Check what a program says about itself, and have people see all of its name; raise ValidationError."""
        super().clean()
        self.name = visible(self.name.strip())[:MAX_NAME]
        uris = self.redirect_uris.split()
        problems = [f"A client has at most {MAX_REDIRECTS} redirect addresses."] if len(uris) > MAX_REDIRECTS else []
        problems += filter(None, map(redirect_problem, uris[:MAX_REDIRECTS]))
        if self.authorization_grant_type != self.GRANT_AUTHORIZATION_CODE:
            problems.append("The only grant is authorization_code, with refresh_token.")
        if problems:
            raise ValidationError({"redirect_uris": problems[:1]})

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(None, self.pk, str(self)[:160])

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Return whether people may be sent to an address: one of the client's, or on their machine with any port."""
        is_own = uri in self.redirect_uris.split()
        return is_own or (is_loopback(uri) and not redirect_problem(uri) and bool(super().redirect_uri_allowed(uri)))

    @property
    def is_shared(self) -> bool:
        """Whether other programs on a person's machine could pose as it: its id and where it listens are known."""
        is_local = any(map(is_loopback, self.redirect_uris.split()))
        return is_local and self.registration_source != self.RegistrationSource.DCR

    def is_at(self, hosts: Collection[str]) -> bool:
        """Return whether people are sent back to one of these hosts, and to no other."""
        return {urlsplit(uri).hostname for uri in self.redirect_uris.split()} <= {*hosts}

    @property
    def fingerprint(self) -> str:
        """What people see of it when they allow it; if that changes, they are asked again."""
        shown = f"{self.name}\n{' '.join(sorted(self.redirect_uris.split()))}"
        return hashlib.sha256(shown.encode()).hexdigest()


class PersonConnectionQuerySet(AnnouncedQuerySet["PersonConnection"]):
    """Connections, by whether they have ended."""

    def over(self) -> "PersonConnectionQuerySet":
        """Return those whose end has come, or whose person is disabled or no longer a member where the server is."""
        members = Membership.objects.filter(
            pk=OuterRef("membership"), environment=OuterRef("server__account__environment"), user__is_active=True
        )
        return self.filter(Q(ends_at__lte=timezone.now()) | ~Exists(members))


class PersonConnection(AnnouncedRow):
    """What a person lets a client do at a server. Its codes and tokens end with it.

    `scopes` were granted so far; `reads_only` keeps the client from asking for more. `fingerprint` is that of the
    client when it was allowed.
    """

    announced_kind = ChangeKind.TOKEN
    announced_by = "pk"
    quiet_fields = frozenset({"last_used_at"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without constraints: processes of the previous release delete such rows, and know nothing of connections.
    server = models.ForeignKey(MCPServer, on_delete=models.CASCADE, related_name="connections", db_constraint=False)
    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="connections", db_constraint=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="connections")
    client = models.ForeignKey(RegisteredClient, on_delete=models.CASCADE, related_name="connections")
    scopes = models.CharField(max_length=60)
    reads_only = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=64)
    ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = PersonConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["server", "user", "client"], name="one_connection_a_client")]

    def __str__(self) -> str:
        return f"{self.user} at {self.server} with {self.client}"

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(self.server.account.environment_id, self.pk, str(self)[:160])

    @property
    def granted(self) -> frozenset[str]:
        """The scopes that were granted so far."""
        return frozenset(self.scopes.split())

    @property
    def role(self) -> Role | None:
        """The person's present role where the server is; None if they are disabled or gone, or the account is moved."""
        try:
            is_there = self.membership.environment_id == self.server.account.environment_id
        except ObjectDoesNotExist:
            # Deleted by a process of the previous release, which leaves connections behind.
            return None
        return Role(self.membership.role) if is_there and self.user.is_active else None

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()


class DigestField(models.CharField):  # type: ignore[type-arg]  # generic only in its stubs
    """A text of which the database has the SHA-256 only, also where it is looked for."""

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return hashlib.sha256(text.encode()).hexdigest() if text else text


class ConnectedRow(models.Model):
    """A code or token, which ends with its connection and cannot be without one."""

    connection = models.ForeignKey(PersonConnection, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; raise PersonConnection.DoesNotExist if the person has allowed nothing, or ended it meanwhile."""
        row: Any = self  # with the fields of the toolkit's models
        if row.connection_id is None:
            self.connection = PersonConnection.objects.get(
                user=row.user, client=row.application, server_id=row.resource[0].rpartition("/")[2]
            )
        super().save(*args, **kwargs)


class AuthorizationCode(ConnectedRow, AbstractGrant):  # type: ignore[misc]  # the toolkit has no annotations
    """A code that a client exchanges for tokens, once, within a minute."""

    code = DigestField(max_length=255, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta(AbstractGrant.Meta):  # type: ignore[misc]  # likewise
        pass


class AccessToken(ConnectedRow, AnnouncedRow, AbstractAccessToken):  # type: ignore[misc]  # the toolkit has no annotations
    """A token that opens one server for an hour."""

    announced_kind = ChangeKind.TOKEN
    announced_by = "connection_id"

    # No ID tokens are issued, so there is no column and no table for them.
    id_token = property(lambda _: None, lambda *_: None)

    objects: ClassVar[Any] = AnnouncedQuerySet.as_manager()

    class Meta(AbstractAccessToken.Meta):  # type: ignore[misc]  # likewise
        base_manager_name = "objects"


class RefreshToken(ConnectedRow, AnnouncedRow, AbstractRefreshToken):  # type: ignore[misc]  # the toolkit has no annotations
    """A token that is exchanged for new ones, once; used again, it ends all that came of it."""

    objects: ClassVar[Any] = AnnouncedQuerySet.as_manager()

    class Meta(AbstractRefreshToken.Meta):  # type: ignore[misc]  # likewise
        base_manager_name = "objects"
