import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

import diseases
from diseases.importing.merge import merge_page
from diseases.importing.page_text import read
from diseases.models import Disease

SAMPLES = Path(diseases.__file__).parent / "samples"
USERNAME = "demo"


class Command(BaseCommand):
    help = "Fill an empty site for a first look: a publisher's account if there is none, and the sample content."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the site is served")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        users = get_user_model().objects
        password = ""
        if not users.exists():
            password = secrets.token_urlsafe(12)
            user = users.create_user(
                USERNAME, password=password, first_name="Demo", last_name="Publisher", is_staff=True
            )
            user.groups.set(Group.objects.filter(name="Publishers"))
        publisher = users.filter(username=USERNAME).first()
        if publisher and not Disease.objects.exists():
            for path in sorted(SAMPLES.glob("*.txt")):
                merge_page(read(path.read_text(encoding="utf-8")), by=publisher, publish_new=True)
            self.stdout.write(f"{Disease.objects.count()} sample diseases are live.")
        self.stdout.write(f"The site:  {address}{reverse('home')}")
        self.stdout.write(f"The admin: {address}{reverse('admin:index')}")
        if password:
            self.stdout.write(f"Sign in as “{USERNAME}” with the password {password} (shown this once).")
