"""JSON-LD in the vocabulary of schema.org: the content of a page for other programs.

A thing is a plain dictionary. Properties without a value are left out.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import to_locale

from website.absolute import path_of

Thing = dict[str, Any]
Absolute = Callable[[str], str]
"""Returns the absolute address of a path of this site."""


def thing(sort: str | list[str], **properties: Any) -> Thing:
    """Returns a thing of a type, without the empty properties. Other things refer to it by its `id`."""
    named = {"@type": sort, "@id": properties.pop("id", None), **properties}
    return {name: value for name, value in named.items() if value not in (None, "", [], {})}


def refer(other: Thing) -> Thing:
    return {"@id": other["@id"]}


def graph(*things: Thing) -> Thing:
    return {"@context": "https://schema.org", "@graph": list(things)}


def language() -> str:
    return to_locale(settings.LANGUAGE_CODE).replace("_", "-")


def web_page(sort: str | list[str], title: str, url: str, updated_at: datetime | None, **properties: Any) -> Thing:
    """Returns the thing for the page itself. `updated_at` is the date of the last update that the page shows."""
    changed = updated_at.isoformat(timespec="seconds") if updated_at else None
    return thing(sort, id=url, url=url, name=title, inLanguage=language(), dateModified=changed, **properties)


def breadcrumbs(*steps: tuple[str, str]) -> Thing:
    """Returns the breadcrumbs of a page, given the name and the absolute address of each step."""
    items = [thing("ListItem", position=n, name=name, item=url) for n, (name, url) in enumerate(steps, start=1)]
    return thing("BreadcrumbList", itemListElement=items)


def web_site(absolute: Absolute, **properties: Any) -> Thing:
    url = absolute(path_of("home"))
    return thing("WebSite", id=f"{url}#site", name=settings.SITE_NAME, url=url, **properties)


def home_json_ld(absolute: Absolute) -> Thing:
    """Returns the JSON-LD of the home page: the site, and how to search it."""
    parameter = "search_term_string"
    template = f"{absolute(path_of('search:results'))}?q={{{parameter}}}"
    action = thing("SearchAction", target=thing("EntryPoint", urlTemplate=template))
    action["query-input"] = f"required name={parameter}"
    return graph(
        web_site(absolute, description=settings.SITE_TAGLINE, inLanguage=language(), potentialAction=action),
    )
