"""Jobs: work that takes too long for one request. A row says what is to be done, and `run_jobs` does it."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from publishing.models import NAME_LENGTH

LEASE_DURATION = timedelta(minutes=1)
"""How long a runner that was killed keeps others from working. A runner renews its lease with every batch."""


SubjectKey = tuple[str, int]
"""A subject's kind and primary key."""


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> Self:
        """Returns the jobs that wait or run, the oldest first, which is the order in which they are done."""
        return self.filter(finished_at=None).order_by("pk")


class Job(models.Model):
    """Work on many subjects, in the name of the person who started it."""

    work = models.CharField(max_length=40, help_text="The name under which the kind of work is registered.")
    note = models.TextField(blank=True, help_text="The note or reason that the person typed.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(_("by"), max_length=NAME_LENGTH)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    worked_at = models.DateTimeField(null=True, help_text="When a runner last did something for it.")
    finished_at = models.DateTimeField(_("ended"), null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    stop_reason = models.TextField(blank=True, help_text="Why it ended before everything was done.")

    objects = JobQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        verbose_name = _("job")
        indexes = [models.Index("id", condition=Q(finished_at=None), name="open_jobs")]

    def __str__(self) -> str:
        return _("job %(number)s") % {"number": self.pk}

    def get_absolute_url(self) -> str:
        return reverse("admin:editorial_job_change", args=[self.pk])

    @property
    def origin(self) -> str:
        """Returns the origin of the editions that this job saves: "job:5"."""
        return f"job:{self.pk}"

    @property
    def remaining(self) -> int:
        return self.total - self.done - self.refused

    def finish(self, stop_reason: str = "") -> None:
        """Ends the job, without saving it. Its note stays where something was left, whose history does not have it."""
        self.finished_at, self.stop_reason = timezone.now(), stop_reason
        if self.done == self.total:
            self.note = ""


class JobItemQuerySet(models.QuerySet["JobItem"]):
    def pending(self) -> Self:
        """Returns what is still to be done, in the order in which it is done."""
        return self.filter(reason="").order_by("pk")


class JobItem(models.Model):
    """A subject that a job has not dealt with yet, or has refused. What is done is deleted, so it is not done twice."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="items")
    kind = models.CharField(max_length=20)
    subject_id = models.PositiveBigIntegerField()
    edition = models.PositiveIntegerField(
        null=True, help_text="The number of the newest edition that the person saw. Empty where it does not matter."
    )
    rows = models.JSONField(default=dict, help_text="Which rows of the subject are meant, each with what was seen.")
    reason = models.TextField(blank=True, help_text="Why it was refused.")

    objects = JobItemQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("job", "kind", "subject_id", name="one_item_a_subject")]
        indexes = [
            models.Index("job", "id", condition=Q(reason=""), name="pending_items"),
            models.Index("kind", "subject_id", name="job_items_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"

    @property
    def subject(self) -> SubjectKey:
        return self.kind, self.subject_id


class JobLease(models.Model):
    """One row that says which runner may work, and until when. Two runners would wait for each other's locks."""

    token = models.UUIDField(default=uuid.uuid4)
    expires_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def take(cls, token: uuid.UUID) -> bool:
        """Takes or renews the lease for the runner with this token. Returns False where another runner has it.

        The row stays locked until the transaction ends.
        """
        now = timezone.now()
        cls.objects.get_or_create(pk=1, defaults={"expires_at": now})
        free = cls.objects.filter(Q(token=token) | Q(expires_at__lte=now), pk=1)
        return bool(free.update(token=token, expires_at=now + LEASE_DURATION))

    @classmethod
    def release(cls, token: uuid.UUID) -> None:
        cls.objects.filter(pk=1, token=token).update(expires_at=timezone.now())

    @classmethod
    def last_worked_at(cls) -> datetime | None:
        """Returns about when a runner last worked: at most one minute later."""
        return cls.objects.filter(pk=1).values_list("expires_at", flat=True).first()
