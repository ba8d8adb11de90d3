"""Accounts of the staff, and how often somebody did something lately."""

from typing import Any

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.db.models import F


class User(AbstractUser):
    """The account of a member of the staff. Readers have none."""


AnyUser = User | AnonymousUser
"""Who sends a request: a signed-in member of the staff, or anybody else."""


class RateCount(models.Model):
    """How often something was done in an hour, to limit it. `key` says what was done, or is a hash of who did it.

    No address is kept: the hash of a sender is keyed, with another key every hour.
    """

    key = models.CharField(max_length=64)
    hour = models.PositiveBigIntegerField(help_text="Hours since 1970.")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("key", "hour", name="one_count_an_hour")]

    def __str__(self) -> str:
        return f"{self.count} in hour {self.hour}"

    @classmethod
    def count_up(cls, key: str, hour: int, most: int) -> bool:
        """Counts one more, and holds the row until the transaction ends. False where there are as many as may be."""
        row, _created = cls.objects.get_or_create(key=key, hour=hour)
        return bool(cls.objects.filter(pk=row.pk, count__lt=most).update(count=F("count") + 1))

    @classmethod
    def forget(cls, hour: int) -> Any:
        """Removes the rows of hours before."""
        return cls.objects.filter(hour__lt=hour).delete()[0]
