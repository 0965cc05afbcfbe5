from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_key_checks")]

    operations = [
        migrations.CreateModel(
            name="LoggedChange",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("row_id", models.UUIDField()),
            ],
        ),
    ]
