"""Background work of this app."""

from asgiref.sync import async_to_sync
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts import heartbeat
from accounts.integrated_accounts import upkeep
from accounts.models import AuditEntry
from accounts.people import invitation_mail
from accounts.people.sessions import delete_ended
from accounts.signing_in import limits, password_mail


@shared_task
def leave_mark() -> None:
    """Show that beat and worker are alive."""
    heartbeat.leave_mark()


@shared_task
def prune_audit() -> int:
    """Delete audit entries older than AUDIT_RETENTION; return how many."""
    deleted, _ = AuditEntry.objects.filter(at__lt=timezone.now() - settings.AUDIT_RETENTION).delete()
    return deleted


@shared_task
def prune_sign_ins() -> int:
    """Delete expired sessions and old counts of failed sign-ins; return how many rows."""
    return delete_ended() + limits.prune()


@shared_task
def refresh_grants() -> int:
    """Refresh the OAuth tokens that are due; return for how many accounts they are current."""
    return async_to_sync(upkeep.refresh)(upkeep.connections_of(upkeep.due_accounts()))


@shared_task
def send_invitations() -> int:
    """Send the invitations that are due; return how many the mail server accepted."""
    return invitation_mail.send_due() if settings.MAIL_ENABLED else 0


@shared_task
def send_password_links() -> int:
    """Send the links for new passwords that are due; return how many the mail server accepted."""
    return password_mail.send_due() if settings.MAIL_ENABLED else 0
