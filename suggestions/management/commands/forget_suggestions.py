from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from suggestions.retention import forget_address, forget_old, said

CENTURY = 36_500
"""Days. So long ago nobody sent anything, and much longer ago there is no date."""


class Command(BaseCommand):
    help = "Delete what readers wrote in their suggestions: after a number of days, or what came with an address now."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--days", type=int, help="after how many days (SUGGESTION_DAYS where it is left out)")
        which.add_argument("--email", metavar="ADDRESS", help="what came with this e-mail address, however old it is")

    def handle(self, *args: Any, days: int | None, email: str | None, **options: Any) -> None:
        if email is not None:
            if "@" not in email:
                raise CommandError("--email takes an e-mail address.")
            self.stdout.write(said(forget_address(email)))
            return
        days = settings.SUGGESTION_DAYS if days is None else days
        if not 1 <= days <= CENTURY:
            raise CommandError(f"--days and SUGGESTION_DAYS take a number from 1 to {CENTURY:,}.")
        self.stdout.write(said(forget_old(days)))
