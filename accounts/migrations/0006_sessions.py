"""Keep sessions by digest, and count failed sign-ins without what was typed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Of the package that counted before; in the order in which they refer to each other.
TABLES_OF_AXES = ("axes_accessattemptexpiration", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog")


def forget_cookies(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete the sessions whose rows hold the cookie's value: everybody signs in once more."""
    apps.get_model("sessions", "Session").objects.all().delete()


def drop_attempts(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop what was kept of attempts to sign in, names as they were typed among it, and the rights to see it."""
    for table in TABLES_OF_AXES:
        schema_editor.execute(f"DROP TABLE IF EXISTS {table}")
    # A release that has the package again must make its tables again.
    schema_editor.execute("DELETE FROM django_migrations WHERE app = 'axes'")
    apps.get_model("auth", "Permission").objects.filter(content_type__app_label="axes").delete()
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label="axes").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_placeholders_invited'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FailedSignIns',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('network', 'One address, any name'), ('name', 'One name, any address'), ('pair', 'One name from one address'), ('device', 'One name in a browser that it signed in with before')], editable=False, max_length=10)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('network', models.CharField(editable=False, max_length=45)),
                ('failures', models.PositiveIntegerField(default=0, editable=False)),
                ('last_at', models.DateTimeField(db_index=True, editable=False)),
                ('may_try_at', models.DateTimeField(editable=False, help_text='When a slowed attempt is taken.', null=True)),
                ('user', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'failed sign-ins',
                'verbose_name_plural': 'failed sign-ins',
                'ordering': ['-last_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('data', models.TextField(editable=False)),
                ('created_at', models.DateTimeField(editable=False)),
                ('last_used_at', models.DateTimeField(db_index=True, editable=False)),
                ('expires_at', models.DateTimeField(db_index=True, editable=False)),
                ('address', models.CharField(editable=False, max_length=45)),
                ('device', models.CharField(editable=False, max_length=60)),
                ('user', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-last_used_at', 'pk'],
            },
        ),
        migrations.RunPython(forget_cookies, migrations.RunPython.noop),
        migrations.RunPython(drop_attempts, migrations.RunPython.noop),
    ]
