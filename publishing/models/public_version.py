import uuid

from django.db import connections, models
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
    def current(cls) -> str:
        """Returns the present token, or "" where nothing was ever published.

        Most pages ask for it, and making such a statement takes Django ten times as long as the answer.
        """
        connection = connections[cls.objects.db]
        table = connection.ops.quote_name(cls._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT token FROM {table} WHERE id = 1")  # noqa: S608 # the name is our own
            row = cursor.fetchone()
        return str(row[0]) if row else ""

    @classmethod
    def replace(cls, *, is_removal: bool = False) -> None:
        """Sets a new token and locks the row until the transaction ends. Lock the subject before, never after."""
        tokens = {"token": uuid.uuid4()} | ({"removal_token": uuid.uuid4()} if is_removal else {})
        while not cls.objects.filter(pk=1).update(value=F("value") + 1, **tokens):
            cls.objects.get_or_create(pk=1)
