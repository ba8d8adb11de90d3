"""The base class of the commands that import a data set: options, progress, the report, and the stored run."""

import gc
import json
import signal
import sys
import threading
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone
from tqdm import tqdm

from accounts.models import User
from diseases.models import Disease
from imports.archives import readable
from imports.models import Dataset, ImportRun
from imports.records import Delivery, SourceRecord, UnreadableSource
from imports.report import Heading, ImportReport
from imports.runner import ImportRunner
from imports.sources import source_of
from publishing.models import Publishable
from publishing.verbs import Author, author_name, may
from transfer.rehearsal import rehearsal

PROGRESS_STEPS = 10  # how many lines of progress to print where there is no terminal


def positive_count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"“{text}” is not a whole number of at least 1")
    return int(text)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Makes SIGTERM, as when the machine shuts down, act like Ctrl+C, so that the report of the run is saved."""
    if threading.current_thread() is not threading.main_thread():  # other threads receive no signals
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class ImportCommand(BaseCommand):
    """Imports a data set. A subclass names the data set, adds its arguments, and reads its files."""

    dataset: ClassVar[Dataset]
    path_help: ClassVar[str] = ""
    """What its argument `path` is; "" where it has none."""
    creates: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Publishable], ...]] = (Disease,)
    """The kinds of pages that it may create."""
    is_complete: ClassVar[bool] = True
    """Whether its files hold the whole data set, so that a record which is not in them is missing."""

    def read(self, **options: Any) -> Delivery:
        """Returns the records of the files. Raises UnreadableSource."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        if self.path_help:
            parser.add_argument("path", type=Path, help=self.path_help)
        parser.add_argument("--dry-run", action="store_true", help="report what would change, and change nothing")
        if self.creates:
            parser.add_argument(
                "--publish-new", action="store_true", help="publish the pages that this run creates; needs --by"
            )
        by = "the author; with --publish-new, an account that may publish"
        parser.add_argument("--by", metavar="USERNAME", help=by)
        parser.add_argument("--limit", type=positive_count, metavar="N", help="read only the first N records")
        parser.add_argument("--report", type=Path, metavar="FILE", help="also save the whole report here, as JSON")

    def handle(self, *args: Any, dry_run: bool, by: str | None, **options: Any) -> None:
        publish_new, limit, file = options.get("publish_new", False), options["limit"], options["report"]
        author = self.author(by, publish_new)
        if file and file.is_dir():  # the import may be long, so this is said before it
            raise CommandError(f"Cannot write the report: {file} is a folder.")
        if file and not file.parent.is_dir():
            raise CommandError(f"Cannot write the report: there is no folder {file.parent}.")
        report, run, stopped = ImportReport(), None, ""
        try:
            delivery = self.read(**options)
            before = ImportRun.objects.filter(dataset=self.dataset).exclude(finished_at=None).first()
            if not dry_run:
                files = "\n".join(readable(path.name) for path in delivery.paths)
                run = ImportRun.objects.create(dataset=self.dataset, files=files, by_name=author_name(author))
            gc.set_threshold(100_000)  # searching so many short-lived objects for cycles takes a sixth of the time
            with _interrupted_by_sigterm(), rehearsal() if dry_run else nullcontext():
                runner = ImportRunner(
                    self.dataset,
                    source_of(self.dataset),
                    author,
                    create=options.get("create", self.creates),
                    publish_new=publish_new,
                    report=report,
                    origin=run.origin if run else "",
                    key_prefixes=set(before.key_prefixes if before else ()),
                )
                self.run(runner, delivery, limit, dry_run)
                if run:
                    run.key_prefixes = sorted(runner.key_prefixes)
        except UnreadableSource as error:
            stopped = str(error)
        except (KeyboardInterrupt, OperationalError) as error:
            why = "Interrupted" if isinstance(error, KeyboardInterrupt) else f"The database stopped: {error}"
            stopped = f"{why}. The records so far are complete; run the command again for the others."
        if run:
            run.report = report.as_json()  # also of a run that was stopped: the next does not report its records again
            run.finished_at = None if stopped else timezone.now()
            with suppress(OperationalError):  # on a full disk, the report is still printed
                run.save()
        if run or not stopped:
            self.print_report(report, dry_run, file)
        if stopped:
            raise CommandError(stopped)
        if failed := len(report.lines[Heading.FAILED]):
            raise CommandError(f"{failed:,} records were not imported; they are named above.")

    def author(self, by: str | None, publish_new: bool) -> Author:
        """Returns the user named by --by, or the command's own name, under which only drafts can be made."""
        if by is None:
            if publish_new:
                raise CommandError("--publish-new needs --by USERNAME: a person must decide what is published.")
            return f"import_{self.dataset}"
        user = User.objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no user “{by}”.")
        if publish_new and not all(may(user, "publish", kind) for kind in self.kinds):
            raise CommandError(
                f"“{by}” may not publish. Add the account to the group Publishers, or leave out --publish-new."
            )
        return user

    def run(self, runner: ImportRunner, delivery: Delivery, limit: int | None, dry_run: bool) -> None:
        """Merges the records, and adds to the report what is missing and what could not be read."""
        total = min(limit or delivery.total, delivery.total)
        is_complete = limit is None and self.is_complete
        runner.run(self.progress(islice(delivery.records, limit), total), dry_run, is_complete)
        if is_complete:
            runner.report_missing()
        for each in delivery.unreadable:
            runner.report.add(Heading.FAILED if each.failed else Heading.SKIPPED, each.where, each.reason)

    def progress(self, records: Iterator[SourceRecord], total: int) -> Iterator[SourceRecord]:
        """Yields the records. Shows a bar on a terminal, and prints a line for every tenth of them elsewhere."""
        if sys.stderr.isatty():
            yield from tqdm(records, total=total, unit=" records", file=sys.stderr, dynamic_ncols=True)
            return
        step = max(total // PROGRESS_STEPS, 2)
        for number, record in enumerate(records, start=1):
            yield record
            if number % step == 0:
                self.stdout.write(f"{number:,} of {total:,} records")
                self.stdout.flush()

    def print_report(self, report: ImportReport, dry_run: bool, file: Path | None) -> None:
        """Prints the report, and saves it in the file of --report."""
        if dry_run:
            self.stdout.write("Dry run: nothing was changed. This is what would happen:")
        for line in report.text():
            self.stdout.write(line)
        if file:
            try:
                file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
            except OSError as error:
                raise CommandError(f"Cannot write the report: {error}.") from error
