from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from suggestions.retention import erase_by_email, erase_old, report

CENTURY = 36_500
"""Days. A much larger number would lead to a date before the year 1."""


class Command(BaseCommand):
    help = "Delete what readers wrote in suggestions: everything older than some days, or everything from one address."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--days", type=int, help="the age in days (default: SUGGESTION_DAYS)")
        which.add_argument(
            "--email", metavar="ADDRESS", help="delete what came with this e-mail address, whatever its age"
        )

    def handle(self, *args: Any, days: int | None, email: str | None, **options: Any) -> None:
        if email is not None:
            if "@" not in email:
                raise CommandError("--email takes an e-mail address.")
            self.stdout.write(report(erase_by_email(email)))
            return
        days = settings.SUGGESTION_DAYS if days is None else days
        if not 1 <= days <= CENTURY:
            raise CommandError(f"--days and SUGGESTION_DAYS take a number from 1 to {CENTURY:,}.")
        self.stdout.write(report(erase_old(days)))
