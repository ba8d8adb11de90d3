from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from publishing.trash import prune_editions, prune_files


class Command(BaseCommand):
    help = (
        "Remove editions older than a year that were never published, handed over or restored, and pictures that no "
        "edition shows. Other editions stay for ever."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how many would go, and remove nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        done = "would go" if dry_run else "removed"
        self.stdout.write(f"{prune_editions(dry_run=dry_run)} editions {done}.")
        if pictures := prune_files(dry_run=dry_run):
            self.stdout.write(f"{pictures} pictures that no edition shows {done}.")
