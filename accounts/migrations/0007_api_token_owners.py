"""Give API tokens owners, kinds, networks and parents, and environments a longest life for them.

A token that stands already becomes personal where whoever made it is an active member of its environment now, and a
service token where no person made it (a command did, or a token that a command made). A token of somebody who left,
was deactivated or deleted ends with this migration: that is what it would have done had it had an owner before. Ends
that tokens have already stay; which token made which was not kept, so that none has a parent.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

ENDED_BY = "migration: API tokens follow people"
LABEL = "API token "
COMMANDS = {"issue_api_token", ""}


def give_owners(apps, schema_editor):
    token_model = apps.get_model("accounts", "ApiToken")
    entry_model = apps.get_model("accounts", "AuditEntry")
    membership_model = apps.get_model("accounts", "Membership")
    issued = dict(
        entry_model.objects.filter(action="api_token.issued").order_by("-pk").values_list("target_id", "actor")
    )
    members = set(
        membership_model.objects.filter(user__is_active=True).values_list("environment_id", "user_id")
    )
    names = dict(apps.get_model("accounts", "User").objects.values_list("pk", "username"))
    kinds = {}
    for token in token_model.objects.order_by("created_at"):
        maker = issued.get(str(token.pk), "")
        token.owner_name = names.get(token.owner_id, "")
        token.created_by = token.owner_name or ("the command issue_api_token" if maker in COMMANDS else maker)
        if token.owner_id is not None:
            token.kind, stays = "personal", (token.environment_id, token.owner_id) in members
        else:
            token.kind = _kind_without_person(maker, kinds, token.environment_id)
            stays = token.kind == "service"
        kinds[(token.environment_id, f"{LABEL}{token.name} (…{token.last_four})"[:160])] = token.kind
        if not stays and token.revoked_at is None:
            token.revoked_at = timezone.now()
            _note(entry_model, token)
        token.save(update_fields=["kind", "owner_name", "created_by", "revoked_at"])


def _kind_without_person(maker, kinds, environment_id):
    """Tell what a token is whose maker is not referred to: nobody made it, or somebody who was deleted since."""
    if maker in COMMANDS:
        return "service"
    return kinds.get((environment_id, maker), "service") if maker.startswith(LABEL) else "personal"


def _note(entry_model, token):
    gone = token.owner_name or "whoever made it"
    entry_model.objects.create(
        actor=ENDED_BY,
        action="api_token.ended",
        environment_id=token.environment_id,
        target_id=str(token.pk),
        target_name=token.name,
        details={"why": f"{gone} does not belong to the environment any more"},
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
