"""The list of the live pages of a kind, from A to Z."""

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from publishing.caching import cached_until_publish
from publishing.models import Edition, Publishable
from website.absolute import page_url

LIST_COLUMNS = ("kind", "slug", "title", "letter", "updated_at")
"""The columns that a list needs. The others are left out because `content` holds the whole page."""
ENTRIES_PER_PAGE = 100


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


def live_entries(kind: type[Publishable]) -> QuerySet[Edition]:
    """Returns the live editions of a kind with the columns of a list only."""
    return Edition.objects.of(kind).live().only(*LIST_COLUMNS)


@cached_until_publish
def letters_of(kind: type[Publishable]) -> Mapping[str, int]:
    """Returns how many live pages of a kind begin with each letter, in the order of the letters."""
    live = Edition.objects.of(kind).live()
    return dict(sorted(live.order_by().values_list("letter").annotate(Count("pk"))))


def list_pages(
    request: HttpRequest,
    kind: type[Publishable],
    entries: QuerySet[Edition],
    counts: Mapping[str, int],
    context: Mapping[str, object] = {},
    **chosen: str,
) -> HttpResponse:
    """Shows a page of a list: all entries, or those that begin with one letter.

    `counts` has the number of entries for each letter, and `chosen` the other parameters of the query that count.
    """
    count = sum(counts.values())
    letter = request.GET.get("letter", "").upper()
    if letter in counts:
        entries, count = entries.filter(letter=letter), counts[letter]
    else:
        letter = ""
    entries = entries.order_by("sort_key", "pk")
    page = EditionPaginator(entries, ENTRIES_PER_PAGE, count).get_page(request.GET.get("page"))
    lists = {
        "page": page,
        "page_url": page_url(request, page, **chosen, letter=letter),
        "letters": sorted(counts),
        "letter": letter,
        "noindex": not kind.IS_SEARCHED,
    }
    return render(request, f"{kind._meta.app_label}/{kind._meta.model_name}_list.html", {**lists, **context})
