from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transfer.document import PortableError
from transfer.loading import load
from transfer.report import report_lines

MAX_REPORTED_NAMES = 20
NOTHING_CHANGED = "was not loaded, and nothing was changed"


class Command(BaseCommand):
    help = "Load content that dump_content wrote, as drafts: all of it, or nothing where there is any problem."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--by", metavar="USERNAME", required=True, help="the account that the history names as the author"
        )
        parser.add_argument("--publish", action="store_true", help="publish the new pages that are live in the file")
        parser.add_argument(
            "--update",
            action="store_true",
            help="change the drafts of pages that this site has already; their live pages stay as they are",
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would change, and change nothing")

    def handle(self, *args: str, file: Path, by: str, dry_run: bool, verbosity: int, **options: Any) -> None:
        user = get_user_model().objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no account with the username “{by}”.")
        try:
            with file.open("rb") as stream:
                report = load(stream, user, publish=options["publish"], update=options["update"], dry_run=dry_run)
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
        except PortableError as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            what = "was loaded in part: solve this, and load it again" if error.is_loaded_in_part else NOTHING_CHANGED
            raise CommandError(f"{file} {what}:\n{problems}") from error
        if dry_run:
            self.stdout.write("Dry run: nothing was changed. A real run would report this:")
        for line in report_lines(report, None if verbosity > 1 else MAX_REPORTED_NAMES):
            self.stdout.write(line)
