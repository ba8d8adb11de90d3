"""A paginator for long lists of editions."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from publishing.models import Edition


class EditionPaginator(Paginator):
    """Divides an ordered queryset of editions into pages, given their number.

    To find a late page, the database must skip all editions before it, and their rows are long. So it skips them in
    the index that has their order, and reads only the rows of the page itself.
    """

    def __init__(self, editions: QuerySet[Edition], per_page: int, count: int) -> None:
        super().__init__(editions, per_page)
        self.editions = editions
        self.count = count

    def page(self, number: int | str) -> Page[Any]:
        page = super().page(number)
        shown: Any = page.object_list  # a slice of the queryset
        page.object_list = self.editions.filter(pk__in=shown.values("pk"))
        return page
