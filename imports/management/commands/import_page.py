from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from diseases.models import Disease
from imports.lines import split_lines
from imports.page_merge import merge_page
from imports.page_text import PageTextError, read_page_text
from organizations.models import Organization
from publishing.verbs import Author, PublishingError, may

MAX_PAGE_MEGABYTES = 5


class Command(BaseCommand):
    help = "Read a page of text about a disease, with its questions and organizations, and make drafts from it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="report what would change, and change nothing")
        parser.add_argument("--publish", action="store_true", help="publish what this run creates; needs --by")
        parser.add_argument(
            "--by",
            metavar="USERNAME",
            help="the author; with --publish, an account that may publish",
        )

    def handle(self, *args: Any, path: Path, dry_run: bool, publish: bool, by: str | None, **options: Any) -> None:
        author = self.author(by, publish)
        try:
            if path.stat().st_size > MAX_PAGE_MEGABYTES * 1024 * 1024:
                raise CommandError(f"{path} is larger than {MAX_PAGE_MEGABYTES} MB, too large for a page of text.")
            text = path.read_bytes().decode("utf-8")
            lines, _damaged = split_lines(text)
            report = merge_page(read_page_text(text), by=author, publish_new=publish, dry_run=dry_run, lines=lines)
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise CommandError(f"{path}, line {line}: not UTF-8 text. Save the file as UTF-8 and try again.") from error
        except (PageTextError, PublishingError) as error:
            raise CommandError(f"{path}: {error}") from error
        if dry_run:
            self.stdout.write("Dry run: nothing was changed. This is what would happen:")
        self.stdout.write(str(report))

    def author(self, by: str | None, publish: bool) -> Author:
        """Returns the user named by --by, or the command's own name, under which only drafts can be made."""
        if by is None:
            if publish:
                raise CommandError("--publish needs --by USERNAME: a person must decide what is published.")
            return "import_page"
        user = User.objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no user “{by}”.")
        if publish and not (may(user, "publish", Disease) and may(user, "publish", Organization)):
            raise CommandError(
                f"“{by}” may not publish. Add the account to the group Publishers, or leave out --publish."
            )
        return user
