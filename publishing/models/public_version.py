import uuid

from django.db import models
from django.db.models import F


class PublicVersion(models.Model):
    """One row that changes with every change of what the public sees: the same token means the same pages.

    `value` only counts. After a backup is restored or a transaction is rolled back, a count can occur a second time; a
    token cannot. `removal_token` changes only where something was taken away from readers: then no copy of a page from
    before may be shown again, not even while the database does not answer.
    """

    value = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=uuid.uuid4)
    removal_token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def current(cls) -> uuid.UUID | None:
        """Returns the present token, or None where nothing was ever published."""
        return cls.objects.filter(pk=1).values_list("token", flat=True).first()

    @classmethod
    def replace(cls, *, is_removal: bool = False) -> None:
        """Sets a new token and locks the row until the transaction ends. Lock the subject before, never after."""
        tokens = {"token": uuid.uuid4()} | ({"removal_token": uuid.uuid4()} if is_removal else {})
        while not cls.objects.filter(pk=1).update(value=F("value") + 1, **tokens):
            cls.objects.get_or_create(pk=1)
