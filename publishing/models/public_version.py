import uuid

from django.db import models
from django.db.models import F


class PublicVersion(models.Model):
    """One row that is changed with every change of what the public sees. Same stamp, same pages.

    The stamp is the token, and `value` only counts: after a backup is put back or a transaction rolled back, another
    release may be given the same count, but none is ever given the same token.
    """

    value = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def current(cls) -> uuid.UUID | None:
        """None where nothing was ever published."""
        return cls.objects.filter(pk=1).values_list("token", flat=True).first()

    @classmethod
    def replace(cls) -> None:
        """Locks the row until the transaction ends. A subject's lock is taken before, never after."""
        while not cls.objects.filter(pk=1).update(value=F("value") + 1, token=uuid.uuid4()):
            cls.objects.get_or_create(pk=1)
