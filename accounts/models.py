"""The accounts of the staff, and counts that limit how often something may be done."""

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.db.models import F


class User(AbstractUser):
    """The account of a member of the staff. Readers have none."""


AnyUser = User | AnonymousUser
"""The user of a request: a signed-in member of the staff, or anybody else."""


class RateCount(models.Model):
    """Counts how often something was done in an hour. `key` is the name of what was done, or the hash of a sender.

    No IP address is stored: the hash uses a secret key that changes every hour.
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
    def count_up(cls, key: str, hour: int, limit: int) -> bool:
        """Adds one to the count and locks the row until the transaction ends. Returns False at the limit."""
        row, _created = cls.objects.get_or_create(key=key, hour=hour)
        return bool(cls.objects.filter(pk=row.pk, count__lt=limit).update(count=F("count") + 1))

    @classmethod
    def delete_before(cls, hour: int) -> int:
        """Deletes the counts of earlier hours, and returns how many these are."""
        return cls.objects.filter(hour__lt=hour).delete()[0]
