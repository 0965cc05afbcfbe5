"""Background work of this app."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.models import AuditEntry


@shared_task
def prune_audit() -> int:
    """Delete audit entries older than the retention; return how many."""
    deleted, _ = AuditEntry.objects.filter(at__lt=timezone.now() - settings.AUDIT_RETENTION).delete()
    return deleted
