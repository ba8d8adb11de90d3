from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from publishing.indexing import index_live_pages, is_indexed


class Command(BaseCommand):
    help = "Put every live page into the search index anew, and take out what is not live. Readers may go on searching."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-needed",
            action="store_true",
            help="do nothing where the index was made from what is live by this version of the site",
        )

    def handle(self, *args: Any, if_needed: bool, **options: Any) -> None:
        if if_needed and is_indexed():
            return
        self.stdout.write(f"{index_live_pages():,} live pages are in the search index.")
