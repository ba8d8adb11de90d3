from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from publishing.trash import prune_editions, prune_files


class Command(BaseCommand):
    help = (
        "Delete editions older than a year that were never published, submitted or restored, and pictures that no "
        "page and no edition shows. All other editions stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="report how many would be deleted, and delete nothing"
        )

    def handle(self, *args: str, dry_run: bool, **options: Any) -> None:
        done = "would be deleted" if dry_run else "deleted"
        self.stdout.write(f"{prune_editions(dry_run=dry_run)} editions {done}.")
        if pictures := prune_files(dry_run=dry_run):
            self.stdout.write(f"{pictures} pictures that no edition shows {done}.")
