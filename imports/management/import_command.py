"""What the commands that import a dataset have in common: options, progress, report and the record of the run."""

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

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, transaction
from django.utils import timezone
from tqdm import tqdm

from diseases.models import Disease
from imports.archives import readable
from imports.models import Dataset, ImportRun
from imports.records import Delivery, SourceRecord, UnreadableSource
from imports.report import ImportReport
from imports.runner import ImportRunner
from imports.sources import source_of
from publishing.verbs import may

PROGRESS_STEPS = 10  # lines of progress where there is no terminal


def positive_count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"“{text}” is no number from 1 up")
    return int(text)


def _refuse_no_place(file: Path) -> None:
    """Before the work, not after it."""
    if file.is_dir():
        raise CommandError(f"Cannot write the report: {file} is a folder.")
    if not file.parent.is_dir():
        raise CommandError(f"Cannot write the report: there is no folder {file.parent}.")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Takes the end that a machine asks for, when it shuts down say, as Ctrl+C: the report of the run is written."""
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class ImportCommand(BaseCommand):
    """A subclass names its dataset, its arguments, and reads them."""

    dataset: ClassVar[Dataset]
    creates: ClassVar[bool] = True

    def read(self, **options: Any) -> Delivery:
        """The records that the files hold. Raises SourceError."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say exactly what would change, and change nothing")
        if self.creates:
            parser.add_argument(
                "--publish-new", action="store_true", help="put the diseases that this run makes live; needs --by"
            )
        parser.add_argument("--by", metavar="USERNAME", help="in whose name; with --publish-new one who may publish")
        parser.add_argument("--limit", type=positive_count, metavar="N", help="read the first N records only")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the whole report here too, as JSON")

    def handle(self, *args: Any, dry_run: bool, by: str | None, **options: Any) -> None:
        publish_new, limit, file = options.get("publish_new", False), options["limit"], options["report"]
        author = self.author(by, publish_new)
        if file:
            _refuse_no_place(file)
        report, run, stopped = ImportReport(), None, ""
        try:
            delivery = self.read(**options)
            run = None if dry_run else self.start(delivery, author)
            gc.set_threshold(100_000)  # looking for rings among so many short-lived rows costs a sixth
            with _ending_in_order(), transaction.atomic() if dry_run else nullcontext():
                source = source_of(self.dataset)
                create = options.get("create", self.creates)
                origin = run.origin if run else ""
                merge = ImportRunner(
                    self.dataset,
                    source,
                    author,
                    create=create,
                    publish_new=publish_new,
                    report=report,
                    origin=origin,
                )
                self.run(merge, delivery, limit, dry_run)
                if dry_run:
                    transaction.set_rollback(True)
        except UnreadableSource as error:
            stopped = str(error)
        except (KeyboardInterrupt, OperationalError) as error:
            why = "Interrupted" if isinstance(error, KeyboardInterrupt) else f"The database cannot go on: {error}"
            stopped = f"{why}. Every record so far is whole; run it again for the others."
        if run:
            self.end(run, report, stopped)
        if run or not stopped:
            self.tell(report, dry_run, file)
        if stopped:
            raise CommandError(stopped)
        if report.has_failed:
            failed = len(report.lines["failed"])
            raise CommandError(f"{failed:,} records were not imported; they are named above.")

    def author(self, by: str | None, publish_new: bool) -> Any:
        """The user named by --by, or without one the command's own name, which may make drafts only."""
        if by is None:
            if publish_new:
                raise CommandError("--publish-new needs --by USERNAME: what goes live is always someone's decision.")
            return f"import_{self.dataset}"
        user = get_user_model().objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no user “{by}”.")
        if publish_new and not may(user, "publish", Disease):
            raise CommandError(
                f"“{by}” may not publish. Add the account to the group Publishers, or leave out --publish-new."
            )
        return user

    def start(self, delivery: Delivery, author: Any) -> ImportRun:
        files = "\n".join(readable(path.name) for path in delivery.paths)
        name = author if isinstance(author, str) else author.get_full_name() or author.get_username()
        return ImportRun.objects.create(dataset=self.dataset, files=files, by_name=name)

    def end(self, run: ImportRun, report: ImportReport, stopped: str) -> None:
        """Also of a run that was stopped: what it says of records that are done, the next one does not say again."""
        run.report = report.as_json()
        run.finished_at = None if stopped else timezone.now()
        with suppress(OperationalError):  # a full disk: the report is told all the same
            run.save()

    def run(self, merge: ImportRunner, delivery: Delivery, limit: int | None, dry_run: bool) -> None:
        merge.run(self.progress(islice(delivery.records, limit), min(limit or delivery.total, delivery.total)), dry_run)
        if limit is None:
            merge.report_missing()
        for refusal in delivery.refusals:
            merge.report.add("failed" if refusal.failed else "skipped", refusal.where, refusal.reason)

    def progress(self, records: Iterator[SourceRecord], total: int) -> Iterator[SourceRecord]:
        """The records, with a bar on a terminal and a line for every tenth of them elsewhere."""
        if sys.stderr.isatty():
            yield from tqdm(records, total=total, unit=" records", file=sys.stderr, dynamic_ncols=True)
            return
        step = max(total // PROGRESS_STEPS, 1)
        for number, record in enumerate(records, start=1):
            yield record
            if number % step == 0:
                self.stdout.write(f"{number:,} of {total:,} records")
                self.stdout.flush()

    def tell(self, report: ImportReport, dry_run: bool, file: Path | None) -> None:
        if dry_run:
            self.stdout.write("Dry run: nothing was changed. It would be like this.")
        for line in report.text():
            self.stdout.write(line)
        if file:
            try:
                file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
            except OSError as error:
                raise CommandError(f"Cannot write the report: {error}.") from error
