"""The session engine (SESSION_ENGINE): sessions in the database, by a digest of the cookie's value.

The digest is keyed with TOKEN_KEY, like those of all tokens: replacing SECRET_KEY, with the previous one in
SECRET_KEY_FALLBACKS, signs nobody out, and a backup of the database contains neither key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import audit, tokens
from accounts.database.asides import note_aside
from accounts.models import Session, User

USE_NOTED_EVERY = timedelta(minutes=1)
PASSWORD_GIVEN = "password_given_at"


@dataclass(frozen=True)
class ClientPlace:
    """The address and device of a request, as the list of sessions shows them."""

    address: str = ""
    device: str = ""


def session_digest(key: str) -> bytes:
    """Return the digest that is stored in place of a cookie's value."""
    return tokens.digest(f"session:{key}")


class SessionStore(SessionBase):
    """One browser's session. `is_background` marks a request without a person's action, which does not count as use."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.place = ClientPlace()
        self.is_background = False
        self.row: Session | None = None
        self._began: datetime | None = None

    def load(self) -> dict[str, Any]:
        """Return the stored data; an empty dict for an expired or unknown session."""
        self.row = Session.objects.live().filter(digest=session_digest(self.session_key or "")).first()
        if self.row is None:
            # As in Django's engines: never adopt a key that the client made up.
            self._session_key = None
            return {}
        return self.decode(self.row.data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(digest=session_digest(session_key)).exists()

    def create(self) -> None:
        """Save the session under a new key."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # not in the stubs
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Save the session; raise UpdateError if it was ended meanwhile, so that saving does not revive it."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # not in the stubs
        # A column for the person, by which their sessions are listed and ended.
        kept = {"data": self.encode(data), "user_id": data.get(SESSION_KEY)}
        if must_create:
            self._insert(kept)
        elif not Session.objects.filter(digest=session_digest(self.session_key)).update(**kept):
            raise UpdateError

    def _insert(self, kept: dict[str, Any]) -> None:
        now = timezone.now()
        began = self._began or now
        row = Session(
            digest=session_digest(self.session_key or ""),
            created_at=began,
            last_used_at=now,
            expires_at=began + timedelta(seconds=settings.SESSION_COOKIE_AGE),
            address=self.place.address,
            device=self.place.device,
            **kept,
        )
        try:
            with transaction.atomic():  # a savepoint: on PostgreSQL the error would abort the whole transaction
                row.save(force_insert=True)
        except IntegrityError:
            raise CreateError from None
        self.row = row

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session with this key; by default, this one."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(digest=session_digest(key)).delete()

    def cycle_key(self) -> None:
        """Replace the key; the session of a signed-in person keeps its expiry."""
        self._began = self.row.created_at if SESSION_KEY in self and self.row is not None else None
        super().cycle_key()

    def flush(self) -> None:
        """Delete the session and its data; the next one starts a new lifetime."""
        super().flush()
        self.row = self._began = None

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return the seconds until the session expires; use does not extend them."""
        if self.row is None:
            return settings.SESSION_COOKIE_AGE
        return max(0, int((self.row.expires_at - timezone.now()).total_seconds()))

    @classmethod
    def clear_expired(cls) -> None:
        """Delete expired sessions; Django's `clearsessions` calls this."""
        delete_ended()

    def note_use(self) -> None:
        """Record when and from where the session was used, at most once a minute."""
        now = timezone.now()
        if self.row is None or self.is_background or now - self.row.last_used_at < USE_NOTED_EVERY:
            return
        used = {"last_used_at": now, "address": self.place.address, "device": self.place.device}
        note_aside(partial(Session.objects.filter(pk=self.row.pk).update, **used))

    def note_password(self) -> None:
        """Record that the person has just proved their identity."""
        self[PASSWORD_GIVEN] = timezone.now().isoformat()

    @property
    def password_given_at(self) -> datetime | None:
        """When the person last proved their identity: by the password, or by signing in at all."""
        given = self.get(PASSWORD_GIVEN)
        if given:
            return datetime.fromisoformat(given)
        return self.row.created_at if self.row is not None else None


def sessions_of(user: User) -> list[Session]:
    """Return a person's valid sessions, the most recently used first."""
    if not user.is_active:
        return []
    # A new password invalidates sessions, but leaves their rows.
    present = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return [row for row in Session.objects.live().filter(user=user) if _belongs_to(row, present)]


def _belongs_to(row: Session, hashes: Iterable[str]) -> bool:
    """Return whether a session was opened with the current password."""
    stored = str(SessionStore().decode(row.data).get(HASH_SESSION_KEY, ""))
    return any(constant_time_compare(stored, each) for each in hashes)


@transaction.atomic
def end_session(row: Session, actor: User) -> None:
    """End one session: its next request is refused, and its streams are closed."""
    row.delete()
    audit.record(actor, "session.ended", (row.user or actor).audit_subject, {"sessions": 1})


@transaction.atomic
def end_sessions(user: User, actor: User, *, but: Session | None = None) -> int:
    """End a person's sessions, all or all `but` one; return how many."""
    rows = Session.objects.filter(user=user)
    ended, _ = (rows.exclude(pk=but.pk) if but is not None else rows).delete()
    if ended:
        audit.record(actor, "session.ended", user.audit_subject, {"sessions": ended})
    return ended


def delete_ended() -> int:
    """Delete expired sessions; return how many."""
    live = Session.objects.live().values("pk")
    return Session.objects.exclude(pk__in=live).delete()[0]
