from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from publishing.editions import prune


class Command(BaseCommand):
    help = "Remove editions older than a year that were never published, handed over or restored. Others stay for ever."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how many would go, and remove nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        count = prune(dry_run=dry_run)
        self.stdout.write(f"{count} editions {'would go' if dry_run else 'removed'}.")
