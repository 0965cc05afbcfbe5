from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_heartbeat")]

    operations = [
        migrations.AddField("changecount", "mark", models.UUIDField(null=True)),
        migrations.AddField("loggedchange", "mark", models.UUIDField(db_index=True, null=True)),
        migrations.AlterModelManagers("user", []),
    ]
