"""Give API tokens owners, kinds, networks and parents, and environments a longest life for them.

A token that stands already becomes personal where whoever made it is an active member of its environment now, and a
service token where no person made it (a command did, or a token that a command made). A token of somebody who left,
was deactivated or deleted ends with this migration: that is what it would have done had it had an owner before. Where
nothing tells any more who made it, a person who was deleted may have: it becomes a service token that ends after
UNKNOWN_MAY_LAST, so that a program has time for another one. Earlier ends stay; which token made which was not kept,
so that none has a parent.
"""

from collections import defaultdict
from datetime import timedelta

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

BY = "migration: API tokens follow people"
LABEL = "API token "
COMMAND = "issue_api_token"
UNKNOWN_MAY_LAST = timedelta(days=90)
# What is found out about whoever made a token to which no person is attached.
NO_PERSON, NOT_KNOWN, DELETED = "no person", "not known", "deleted"


def give_owners(apps, schema_editor):
    token_model = apps.get_model("accounts", "ApiToken")
    entry_model = apps.get_model("accounts", "AuditEntry")
    membership_model = apps.get_model("accounts", "Membership")
    members = set(membership_model.objects.filter(user__is_active=True).values_list("environment_id", "user_id"))
    names = dict(apps.get_model("accounts", "User").objects.values_list("pk", "username"))
    makers = _makers(apps)
    found = defaultdict(set)
    for token in token_model.objects.order_by("created_at"):
        maker = makers.get(str(token.pk), (NOT_KNOWN, ""))
        if token.owner_id is not None:
            finding = DELETED  # what it means for a token that this one made, and that lost its person
            _give(token, names[token.owner_id], (token.environment_id, token.owner_id) in members, entry_model)
        else:
            finding = _finding(maker, found, token.environment_id)
            _judge(token, finding, maker[1], entry_model)
        found[(token.environment_id, f"{LABEL}{token.name} (…{token.last_four})"[:160])].add(finding)
        token.save(update_fields=["kind", "owner_name", "created_by", "expires_at", "revoked_at"])


def _makers(apps):
    """Return what the audit record tells of each token's maker, by the token's id: a finding and a name.

    The finding is None where the name is that of a token.
    """
    entry_model = apps.get_model("accounts", "AuditEntry")
    of_command = NOT_KNOWN if _is_a_persons_name(apps, COMMAND) else NO_PERSON
    issued = entry_model.objects.filter(action="api_token.issued").order_by("-pk")
    makers = {}
    for target_id, actor, actor_id in issued.values_list("target_id", "actor", "actor_id"):
        if actor_id is None and actor == COMMAND:
            makers[target_id] = (of_command, "the command issue_api_token")
        elif actor_id is None and actor.startswith(LABEL):
            makers[target_id] = (None, actor)
        else:
            makers[target_id] = (DELETED if actor else NOT_KNOWN, actor)
    return makers


def _is_a_persons_name(apps, name):
    """Tell whether anything but what the command writes goes by its name: somebody does, or did."""
    entries = apps.get_model("accounts", "AuditEntry").objects
    acted = entries.filter(actor__iexact=name).exclude(action="api_token.issued", actor=name, actor_id=None)
    named = entries.filter(target_name__iexact=name).exclude(action__startswith="api_token.")
    people = apps.get_model("accounts", "User").objects.filter(username__iexact=name)
    return people.exists() or acted.exists() or named.exists()


def _finding(maker, found, environment_id):
    """Tell who made a token; of one that a token made, what was found out about that one, if it is one alone."""
    finding, name = maker
    if finding is not None:
        return finding
    findings = found.get((environment_id, name), set())
    return next(iter(findings)) if len(findings) == 1 else NOT_KNOWN


def _give(token, owner_name, is_member, entry_model):
    token.kind, token.owner_name, token.created_by = "personal", owner_name, owner_name
    if not is_member:
        _end(token, owner_name, entry_model)


def _judge(token, finding, maker, entry_model):
    token.kind = "personal" if finding == DELETED else "service"
    token.created_by = NOT_KNOWN if finding == NOT_KNOWN else maker
    if finding == DELETED:
        _end(token, "whoever made it", entry_model)
    elif finding == NOT_KNOWN:
        _limit(token, entry_model)


def _end(token, gone, entry_model):
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        _note(entry_model, token, "ended", {"why": f"{gone} does not belong to the environment any more"})


def _limit(token, entry_model):
    latest = timezone.now() + UNKNOWN_MAY_LAST
    if token.revoked_at is None and (token.expires_at is None or token.expires_at > latest):
        token.expires_at = latest
        _note(entry_model, token, "limited", {"expires_at": latest.isoformat(), "why": "nothing tells who made it"})


def _note(entry_model, token, action, details):
    entry_model.objects.create(
        actor=BY,
        action=f"api_token.{action}",
        environment_id=token.environment_id,
        target_id=str(token.pk),
        target_name=token.name,
        details=details,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="token_days_max",
            field=models.PositiveIntegerField(
                blank=True,
                default=90,
                help_text="In days, for tokens that are issued from now on. Empty: as long as one likes, also without an end.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(3650),
                ],
                verbose_name="API tokens live at most",
            ),
        ),
        migrations.RenameField(model_name="apitoken", old_name="created_by", new_name="owner"),
        migrations.AddField(
            model_name="apitoken",
            name="created_by",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="A user name, an API token by its name, or a command.",
                max_length=160,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="kind",
            field=models.CharField(
                choices=[
                    ("personal", "Personal"),
                    ("service", "Service"),
                ],
                default="personal",
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="owner_name",
            field=models.CharField(blank=True, default="", editable=False, max_length=150),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="children",
                to="accounts.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="depth",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="networks",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="last_used_address",
            field=models.GenericIPAddressField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(give_owners, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("kind", "service"), _negated=True), ("owner", None), _connector="OR"),
                name="a_service_token_has_no_owner",
            ),
        ),
    ]
