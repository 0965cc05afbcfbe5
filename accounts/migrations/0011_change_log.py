from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_writes_without_pages")]

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
