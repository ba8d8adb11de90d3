"""JSON-LD in the vocabulary of schema.org: what a page says, once more, for other programs.

Things are plain dictionaries. What is not known is left out, never empty.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import to_locale

Thing = dict[str, Any]
Absolute = Callable[[str], str]
"""Makes a whole address of a path of this site."""


def thing(sort: str | list[str], **properties: Any) -> Thing:
    """A thing of a type, with those of its properties that say something. `id` is what others in the graph call it."""
    named = {"@type": sort, "@id": properties.pop("id", None), **properties}
    return {name: value for name, value in named.items() if value not in (None, "", [], {})}


def refer(other: Thing) -> Thing:
    return {"@id": other["@id"]}


def graph(*things: Thing) -> Thing:
    return {"@context": "https://schema.org", "@graph": list(things)}


def language() -> str:
    return to_locale(settings.LANGUAGE_CODE).replace("_", "-")


def web_page(sort: str | list[str], title: str, url: str, updated_at: datetime | None, **properties: Any) -> Thing:
    """The page itself. `updated_at` is when readers last saw a change of it, as the page says."""
    changed = updated_at.isoformat(timespec="seconds") if updated_at else None
    return thing(sort, id=url, url=url, name=title, inLanguage=language(), dateModified=changed, **properties)


def breadcrumbs(*steps: tuple[str, str]) -> Thing:
    """The way to a page as its head shows it: the name and the whole address of each step."""
    items = [thing("ListItem", position=n, name=name, item=url) for n, (name, url) in enumerate(steps, start=1)]
    return thing("BreadcrumbList", itemListElement=items)


def web_site(absolute: Absolute, **properties: Any) -> Thing:
    url = absolute(reverse("home"))
    return thing("WebSite", id=f"{url}#site", name=settings.SITE_NAME, url=url, **properties)


def home_json_ld(absolute: Absolute) -> Thing:
    """The site, and how it is searched."""
    words = "search_term_string"
    template = f"{absolute(reverse('search:results'))}?q={{{words}}}"
    action = thing("SearchAction", target=thing("EntryPoint", urlTemplate=template))
    action["query-input"] = f"required name={words}"
    return graph(
        web_site(absolute, description=settings.SITE_TAGLINE, inLanguage=language(), potentialAction=action),
    )
