from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from publishing.indexing import index_live_pages, is_indexed


class Command(BaseCommand):
    help = "Rebuild the search index from the live pages. Readers can search while it runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-needed",
            action="store_true",
            help="do nothing if the index holds exactly the live pages and was built by this version of the site",
        )

    def handle(self, *args: str, if_needed: bool, **options: Any) -> None:
        if if_needed and is_indexed():
            return
        self.stdout.write(f"{index_live_pages():,} live pages are in the search index.")
