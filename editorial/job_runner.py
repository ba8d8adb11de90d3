"""Does the work of jobs, one runner at a time, in short transactions.

The progress of a job is written in the transaction of the work. So a runner that is killed loses nothing and does
nothing twice: the next one goes on where it stopped.
"""

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from editorial.jobs import JobTask, Work, registered_work
from editorial.models import Job, JobItem, JobLease, SubjectKey
from publishing.models import Edition, Publishable, kinds
from publishing.verbs import PublishingError, may

MAX_BATCH = 100
"""The most subjects of one transaction."""

MAX_TOGETHER = 10
"""The most subjects that are done between two looks at the clock."""

MAX_SECONDS = 0.5
"""After this time a batch goes on with no more subjects, because on SQLite a transaction blocks all other writers."""

PAUSE = 0.25
"""The seconds between two batches. On SQLite a waiting writer tries again every tenth of a second."""

logger = logging.getLogger(__name__)


class LeaseTaken(Exception):
    """Another runner is at work."""


@dataclass
class JobRunner:
    """Works until no job is open. Call `release` at the end, so that the next runner need not wait."""

    pause: float = PAUSE
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    def run(self) -> int:
        """Does all open jobs, and returns how many were finished or stopped. Raises LeaseTaken."""
        ended = 0
        while job := self.run_batch():
            ended += job.finished_at is not None
            time.sleep(self.pause)
        return ended

    def run_batch(self) -> Job | None:
        """Does the next part of the oldest open job in one transaction, and returns that job. Raises LeaseTaken."""
        if not Job.objects.open().exists():
            return None
        with transaction.atomic():
            if not JobLease.take(self.token):
                raise LeaseTaken
            job = Job.objects.open().select_for_update().first()
            if job:
                _do_batch(job)
                job.worked_at = timezone.now()
                job.save()
        return job

    def release(self) -> None:
        JobLease.release(self.token)


def _do_batch(job: Job) -> None:
    """Does the next items of a job until the time of a batch is over. Ends the job after the last one."""
    ends_at = time.monotonic() + MAX_SECONDS
    items = list(job.items.pending()[:MAX_BATCH])
    work, by = registered_work(job.work), job.by
    if work is None:
        job.finish(_("The site does not know this kind of work any more."))
    elif by is None:
        job.finish(_("The account that started it does not exist any more."))
    elif not all(may(by, work.permission, kinds()[name]) for name in {item.kind for item in items}):
        job.finish(_("The account “%(name)s” does not have the permission any more.") % {"name": by})
    else:
        _do_items(job, work, by, items, ends_at)
        if not job.remaining:
            job.finish()


def _do_items(job: Job, work: Work, by: User, items: list[JobItem], ends_at: float) -> None:
    subjects = _lock_subjects(items)
    newest = _newest_editions(items)
    done: list[int] = []
    refused: list[JobItem] = []
    together = MAX_TOGETHER if work.step_together else 1
    for some in (items[start : start + together] for start in range(0, len(items), together)):
        tasks = [
            JobTask(subjects[each.subject], by, job.note, job.origin, newest.get(each.subject), each.edition, each.rows)
            for each in some
        ]
        for item, reason in zip(some, _do_tasks(work, tasks), strict=True):
            item.reason = reason
            if reason:
                refused.append(item)
            else:
                done.append(item.pk)
        if time.monotonic() > ends_at:
            break
    job.items.filter(pk__in=done).delete()
    JobItem.objects.bulk_update(refused, ["reason"])
    job.done += len(done)
    job.refused += len(refused)


def _do_tasks(work: Work, tasks: list[JobTask]) -> list[str]:
    """Does several subjects. For each, returns why it or a part of it was refused, or ""."""
    if work.step_together and len({task.subject.KIND for task in tasks}) == 1:
        try:
            with transaction.atomic():
                for task in tasks:
                    task.ensure_seen()
                work.step_together(tasks)
            return [""] * len(tasks)
        except OperationalError:  # of the database as a whole: the batch is done again
            raise
        except Exception:
            logger.debug("Each subject is tried alone, since one of them was refused.", exc_info=True)
    return [_do_task(work, task) for task in tasks]


def _do_task(work: Work, task: JobTask) -> str:
    try:
        work.do(task)
    except (PublishingError, PermissionDenied) as error:
        return str(error) or _("It is not allowed.")
    except OperationalError:
        raise
    except Exception:
        logger.exception("A job failed at %s %s.", task.subject.KIND, task.subject.pk)
        return _("An unexpected error stopped this. The log of the site says more.")
    return " ".join(task.refusals)


def _subjects_by_kind(items: Iterable[JobItem]) -> dict[str, list[int]]:
    pks: dict[str, list[int]] = defaultdict(list)
    for item in items:
        pks[item.kind].append(item.subject_id)
    return pks


def _lock_subjects(items: list[JobItem]) -> dict[SubjectKey, Publishable]:
    """Returns the subjects, locked until the transaction ends: all of them before any step locks the public version."""
    return {
        (name, subject.pk): subject
        for name, pks in sorted(_subjects_by_kind(items).items())
        for subject in kinds()[name]._base_manager.select_for_update().filter(pk__in=pks).order_by("pk")
    }


def _newest_editions(items: list[JobItem]) -> dict[SubjectKey, Edition]:
    """Returns the newest editions of the subjects of which the person saw an edition."""
    seen = _subjects_by_kind(item for item in items if item.edition is not None)
    return {
        (name, edition.subject_id): edition
        for name, pks in seen.items()
        for edition in Edition.objects.newest().filter(kind=name, subject_id__in=pks)
    }
