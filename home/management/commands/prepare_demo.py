import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.urls import reverse

import home
from accounts.models import User
from diseases.models import Disease
from imports.models import Dataset
from imports.page_record import read_page
from imports.runner import ImportRunner
from organizations.models import Organization
from publishing.verbs import publish, save_edition, submit, withdraw

SAMPLES = Path(home.__file__).parent / "samples"
USERNAME = "demo"
DRAFT = "von-hippel-lindau-disease"
CHANGED = "fragile-x-syndrome"
READY = "marfan-syndrome"
WITHDRAWN = "turner-syndrome"
MOVED = "iron-disorders-institute-inc"


@transaction.atomic
def load_samples(publisher: User) -> None:
    """Loads the sample pages. Most are live; there is one page in each of the other states."""
    for is_published in (True, False):
        paths = [path for path in sorted(SAMPLES.glob("*.txt")) if (path.stem != DRAFT) == is_published]
        records = [record for path in paths for record in read_page(path).records]
        ImportRunner(Dataset.PAGE, None, publisher, publish_new=is_published).run(records)
    save_edition(_last_question_first(CHANGED), by=publisher)
    ready = save_edition(_last_question_first(READY), by=publisher)
    submit(ready, by=publisher, note="The last question now comes first. Please look at the order.")
    reason = "Withdrawn in the sample content, to show what readers see when a page is withdrawn."
    withdraw(Disease.objects.get(slug=WITHDRAWN), by=publisher, reason=reason)
    moved = Organization.objects.get(slug=MOVED)
    moved.slug = moved.slug.removesuffix("-inc")
    moved.save()
    publish(save_edition(moved, by=publisher), by=publisher, note="The page has a shorter address.", minor=True)


def _last_question_first(slug: str) -> Disease:
    """Moves the last question of a disease to the first place, as an example of an unpublished change."""
    disease = Disease.objects.get(slug=slug)
    last = disease.questions.last()
    if last:
        last.position = 0
        last.save()
    return disease


class Command(BaseCommand):
    help = "Add sample content to an empty site, and the account of a publisher if there is no account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="the address of the site, to print it")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        users = User.objects
        password = ""
        if not users.exists():
            password = secrets.token_urlsafe(12)
            user = users.create_user(
                USERNAME, password=password, first_name="Demo", last_name="Publisher", is_staff=True
            )
            user.groups.set(Group.objects.filter(name="Publishers"))
        publisher = users.filter(username=USERNAME).first()
        if publisher and not Disease.objects.exists():
            self.stdout.write("Loading the sample content ...")
            load_samples(publisher)
            self.stdout.write(f"{Disease.objects.count()} sample diseases are loaded. Most of them are live.")
        self.stdout.write(f"The site:  {address}{reverse('home')}")
        self.stdout.write(f"The admin: {address}{reverse('admin:index')}")
        if password:
            self.stdout.write(f"Sign in as “{USERNAME}” with the password {password} (shown this once).")
        elif publisher:
            set_password = f".venv/bin/python manage.py changepassword {USERNAME}"
            self.stdout.write(f"Sign in as “{USERNAME}”. To set a new password: {set_password}")
