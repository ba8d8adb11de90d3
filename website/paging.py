"""Pages of long lists of editions."""

from typing import Any

from django.core.paginator import Page, Paginator


class EditionPaginator(Paginator):
    """Pages of an ordered queryset of editions of which is known how many they are.

    The way to a late page leads past all editions before it. Their rows are long, with the text of whole pages, so it
    is gone in the index that has their order, and only the rows of the page itself are read.
    """

    def __init__(self, editions: Any, per_page: int, count: int) -> None:
        super().__init__(editions, per_page)
        self.count = count

    def page(self, number: int | str) -> Page[Any]:
        page = super().page(number)
        editions: Any = self.object_list
        shown: Any = page.object_list
        page.object_list = editions.filter(pk__in=shown.values("pk"))
        return page
