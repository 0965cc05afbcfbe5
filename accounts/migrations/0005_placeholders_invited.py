"""People who were added by name and never came become invitations.

Until now an admin could add a name that nobody had used, and got a link to set its first password. Such a person has
agreed to nothing and has nothing: what was meant is an invitation, whose link an admin makes with one click.
"""

from django.db import migrations


def invite_placeholders(apps, schema_editor):
    """Replace each membership of somebody who never signed in by an invitation without a link, and remove the person."""
    User = apps.get_model("accounts", "User")
    Membership = apps.get_model("accounts", "Membership")
    Invitation = apps.get_model("accounts", "Invitation")
    AuditEntry = apps.get_model("accounts", "AuditEntry")
    # A password that starts with ! is one that was never set.
    placeholders = User.objects.filter(
        last_login=None, password__startswith="!", is_staff=False, is_superuser=False, memberships__isnull=False
    )
    for person in placeholders.distinct().iterator():
        for membership in Membership.objects.filter(user=person):
            added = AuditEntry.objects.filter(
                environment_id=membership.environment_id, action="membership.added", target_id=str(person.pk)
            )
            entry = added.order_by("-pk").first()
            invitation = Invitation.objects.create(
                environment_id=membership.environment_id,
                role=membership.role,
                note=person.username[:80],
                invited_by_name=entry.actor[:150] if entry else "",
            )
            AuditEntry.objects.create(
                actor="upgrade",
                action="invitation.created",
                environment_id=membership.environment_id,
                target_id=str(invitation.pk),
                target_name=person.username[:160],
                details={"role": membership.role, "instead_of_member": person.username},
            )
        # What the person is named in, such as `created_by`, is emptied or goes along, as the models say.
        person.delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_invitations'),
    ]

    operations = [
        # There is no way back that is true: whoever has accepted meanwhile is somebody else.
        migrations.RunPython(invite_placeholders, migrations.RunPython.noop, elidable=True),
    ]
