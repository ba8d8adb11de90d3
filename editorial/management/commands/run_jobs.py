import signal
import time
from types import FrameType

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, close_old_connections

from editorial.job_runner import JobRunner, LeaseTaken, logger

WATCH_INTERVAL = 1.0
"""The seconds after which a runner that watches looks for new jobs."""

AFTER_FAILURE = 10.0
"""The seconds for which it leaves a database alone that does not answer."""


def interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class Command(BaseCommand):
    help = "Do the work that waits as jobs, such as publishing many pages. One runner works at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="go on and wait for new jobs, as a service")

    def handle(self, *args: str, watch: bool, **options: object) -> None:
        before = signal.signal(signal.SIGTERM, interrupt)
        runner = JobRunner()
        try:
            while True:
                wait = self.run_once(runner, watch)
                if not watch:
                    break
                time.sleep(wait)
        except KeyboardInterrupt:
            self.stdout.write("Interrupted. The next run goes on where this one stopped.")
        finally:
            runner.release()
            signal.signal(signal.SIGTERM, before)

    def run_once(self, runner: JobRunner, watch: bool) -> float:
        """Does all open jobs, and returns after how many seconds to look again."""
        try:
            if ended := runner.run():
                self.stdout.write(f"{ended:,} jobs ended.")
        except LeaseTaken as error:
            if not watch:
                raise CommandError("Another runner is at work, or was killed less than a minute ago.") from error
        except OperationalError:
            if not watch:
                raise
            logger.exception("The database stopped a job. It is tried again.")
            close_old_connections()
            return AFTER_FAILURE
        return WATCH_INTERVAL
