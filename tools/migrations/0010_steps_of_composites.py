from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tools', '0009_evaluation'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='trace_id',
            field=models.UUIDField(blank=True, help_text='What a composite and the calls of its steps share.', null=True),
        ),
        migrations.AddField(
            model_name='call',
            name='step',
            field=models.CharField(blank=True, db_default='', help_text='The step of a composite that made the call.', max_length=48),
        ),
    ]
