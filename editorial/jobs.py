"""Kinds of work on many subjects, and how a person starts a job. Each app registers its own kinds of work."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from editorial.models import Job, JobItem, JobLease
from publishing.models import Edition, Publishable, kinds
from publishing.verbs import PublishingError, author_name, require_permission, save_edition, when_forgotten

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_AT_ONCE = 50
"""The most subjects on which work is done within a request. More of them become a job."""

STALLED_AFTER = timedelta(minutes=10)
"""A runner comes every minute or watches all the time. After this time, somebody should look after it."""

ITEMS_A_QUERY = 1000


@dataclass(frozen=True)
class JobTask:
    """Work on one subject: what a step gets."""

    subject: Publishable
    by: User
    note: str = ""
    origin: str = ""
    """The origin of the editions that the step saves: of a job, "job:5"."""
    newest: Edition | None = None
    """The newest edition; None where there is none, or where it does not matter."""
    seen: int | None = None
    """The number of the newest edition that the person saw, 0 where there was none; None where it does not matter."""
    rows: dict[str, str] = field(default_factory=dict)
    """What the person saw of each chosen row, by primary key, where the work is about rows of the subject."""
    refusals: list[str] = field(default_factory=list)
    """Why something of the subject was left as it was. A step adds to it; where nothing was done, it raises instead."""

    def ensure_seen(self) -> None:
        """Raises PublishingError where the newest edition is not the one that the person saw."""
        if self.seen is not None and self.seen != (self.newest.number if self.newest else 0):
            raise PublishingError(_("was changed in the meantime; look at the newest edition first"))

    @property
    def edition(self) -> Edition:
        """The newest edition. It saves the first one of a subject that was written outside the admin."""
        return self.newest or save_edition(self.subject, self.by, origin=self.origin)


@dataclass(frozen=True)
class Work:
    """A kind of work. `name` is what a job stores; `permission` is the action that it needs on the subject's kind."""

    name: str
    label: "StrOrPromise"
    permission: str
    step: Callable[[JobTask], str]
    """Does it to one subject, and returns what it did, for a list. Raises PublishingError where it is refused."""
    step_together: Callable[[Sequence[JobTask]], None] | None = None
    """Does it to several subjects of one kind with fewer queries: all of them, or it raises PublishingError."""

    def do(self, task: JobTask) -> str:
        """Takes the step, all of it or nothing. Raises PublishingError or PermissionDenied where it is refused."""
        task.ensure_seen()
        with transaction.atomic():
            return self.step(task)


_registered_kinds: dict[str, Work] = {}


def register_work(work: Work) -> Work:
    """Makes a kind of work known by its name. Apps above this one call it in their admin."""
    _registered_kinds[work.name] = work
    return work


def registered_work(name: str) -> Work | None:
    return _registered_kinds.get(name)


@transaction.atomic
def start_job(work: Work, by: User, items: Iterable[JobItem], note: str = "") -> Job:
    """Saves a job and what it is about. `run_jobs` does it."""
    job = Job.objects.create(work=work.name, by=by, by_name=author_name(by), note=note)
    rest = iter(items)
    while some := list(islice(rest, ITEMS_A_QUERY)):
        for item in some:
            item.job = job
        job.total += len(JobItem.objects.bulk_create(some))
    job.save(update_fields=["total"])
    return job


def do_at_once(work: Work, by: User, items: Iterable[JobItem]) -> list[tuple[Publishable, str]]:
    """Does a few items within a request. Returns the subjects of which something was refused, each with the reason."""
    refusals: list[tuple[Publishable, str]] = []
    for item in items:
        kind = kinds()[item.kind]
        require_permission(by, work.permission, kind)
        task = JobTask(kind._base_manager.get(pk=item.subject_id), by, rows=item.rows)
        try:
            work.do(task)
        except PublishingError as error:
            task.refusals.append(str(error))
        refusals += [(task.subject, reason) for reason in task.refusals]
    return refusals


def items_of(kind: type[Publishable], numbers: Sequence[tuple[int, int | None]]) -> Iterable[JobItem]:
    """Yields items for subjects, given their primary keys and the numbers of their newest editions."""
    return (JobItem(kind=kind.KIND, subject_id=pk, edition=number or 0) for pk, number in numbers)


def stalled_jobs() -> QuerySet[Job]:
    """Returns the jobs that have waited for more than ten minutes in which no runner worked."""
    long_ago = timezone.now() - STALLED_AFTER
    last_worked_at = JobLease.last_worked_at()
    if last_worked_at and last_worked_at > long_ago:
        return Job.objects.none()
    return Job.objects.open().filter(created_at__lt=long_ago)


@register(Tags.database)
def check_runner(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Warns where jobs wait and nothing works on them. `check --database default` runs it, and so does `migrate`."""
    is_migrated = databases and Job._meta.db_table in connections[databases[0]].introspection.table_names()
    if not is_migrated or not (count := stalled_jobs().count()):
        return []
    return [
        Warning(
            f"{count} jobs have waited for over ten minutes, and no runner works.",
            hint="Run “manage.py run_jobs” every minute from cron, or “manage.py run_jobs --watch” as a service.",
            id="editorial.W001",
        )
    ]


@when_forgotten
def erase_reasons(subject: Publishable) -> None:
    """Removes the reasons for which jobs refused a subject about a person: they may hold the name."""
    items = JobItem.objects.filter(kind=subject.KIND, subject_id=subject.pk).exclude(reason="")
    items.update(reason=_("The words about this person were removed."))
