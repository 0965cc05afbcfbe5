"""Background work of this app."""

from asgiref.sync import async_to_sync
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.integrated_accounts import upkeep
from accounts.models import AuditEntry
from accounts.people import invitation_mail
from accounts.people.sessions import delete_ended
from accounts.signing_in import limits


@shared_task
def prune_audit() -> int:
    """Delete audit entries older than the retention; return how many."""
    deleted, _ = AuditEntry.objects.filter(at__lt=timezone.now() - settings.AUDIT_RETENTION).delete()
    return deleted


@shared_task
def prune_sign_ins() -> int:
    """Delete sessions that ended, and counts of failed sign-ins that mean nothing any more; return how many."""
    return delete_ended() + limits.prune()


@shared_task
def refresh_grants() -> int:
    """Refresh the OAuth tokens that it is time to refresh; return of how many accounts they are good now."""
    return async_to_sync(upkeep.refresh)(upkeep.connections_of(upkeep.due_accounts()))


@shared_task
def send_invitations() -> int:
    """Send the mails of invitations that are due; return how many the mail server took."""
    return invitation_mail.send_due() if settings.MAIL_ENABLED else 0
