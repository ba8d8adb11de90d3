import uuid

from django.db import models
from django.db.models import F


class PublicVersion(models.Model):
    """One row that changes with every change of what the public sees: the same token means the same pages.

    `value` only counts. After a backup is restored or a transaction is rolled back, a count can occur a second time; a
    token cannot.
    """

    value = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def current(cls) -> uuid.UUID | None:
        """Returns the present token, or None where nothing was ever published."""
        return cls.objects.filter(pk=1).values_list("token", flat=True).first()

    @classmethod
    def replace(cls) -> None:
        """Sets a new token and locks the row until the transaction ends. Lock the subject before, never after."""
        while not cls.objects.filter(pk=1).update(value=F("value") + 1, token=uuid.uuid4()):
            cls.objects.get_or_create(pk=1)
