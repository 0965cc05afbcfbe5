"""What beat sends, and how often."""

from datetime import timedelta

MINUTE = timedelta(minutes=1)


def beat_schedule(*, purge: timedelta, prune: timedelta) -> dict[str, dict[str, object]]:
    """Return Celery's schedule: `purge` is the interval of what has ended, `prune` that of what has grown old."""
    tasks = {
        "leave-mark": ("accounts.tasks.leave_mark", min(purge, MINUTE)),
        "purge-expired-servers": ("mcpservers.tasks.purge_expired_servers", purge),
        "prune-sign-in": ("mcpservers.tasks.prune_sign_in", prune),
        "settle-writes": ("tools.tasks.settle_writes", purge),
        "prune-calls": ("tools.tasks.prune_calls", prune),
        "make-months": ("tools.tasks.make_months", prune),
        "refresh-grants": ("accounts.tasks.refresh_grants", timedelta(seconds=30)),
        "prune-sign-ins": ("accounts.tasks.prune_sign_ins", prune),
        # The rows are the queue: no invitation is in the broker, so none is lost with it.
        "send-invitations": ("accounts.tasks.send_invitations", timedelta(seconds=10)),
        "send-password-links": ("accounts.tasks.send_password_links", timedelta(seconds=10)),
        "run-evaluations": ("tools.tasks.run_evaluations", timedelta(seconds=10)),
        "prune-audit": ("accounts.tasks.prune_audit", prune),
    }
    return {name: _entry(task, interval) for name, (task, interval) in tasks.items()}


def _entry(task: str, interval: timedelta) -> dict[str, object]:
    # Or a worker that comes back would first do all that it has missed. A minute at least, for clocks that differ.
    expires = max(interval, MINUTE).total_seconds()
    return {"task": task, "schedule": interval, "options": {"expires": expires}}
