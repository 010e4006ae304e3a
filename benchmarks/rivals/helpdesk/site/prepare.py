"""An agent who may do everything, and a queue that reads a folder. Nobody is sent confirmations here."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from helpdesk.models import EmailTemplate, Queue  # noqa: E402

get_user_model().objects.create_superuser("ada", "ada@barro.example", os.environ["RIVAL_PASSWORD"])
Queue.objects.create(
    title="Support",
    slug="support",
    email_address="support@barro.example",
    allow_email_submission=True,
    email_box_type="local",
    email_box_local_dir=os.environ["RIVAL_INBOX"],
    email_box_interval=0,
    logging_type="none",
)
EmailTemplate.objects.all().delete()
