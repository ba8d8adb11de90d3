"""Reads a page's form the way a browser does, so that a test posts what a person would."""

from typing import Any
from xml.etree.ElementTree import Element

import html5lib


def fields_of(html: str, form_id: str | None = None) -> dict[str, str]:
    """The names and values that a browser would post for the page's (first or named) form in the content."""
    document = html5lib.parse(html, namespaceHTMLElements=False)
    forms = [form for form in document.iter("form") if form.get("id") not in {"logout-form"}]
    form = next(form for form in forms if form_id is None or form.get("id") == form_id)
    found: dict[str, str] = {}
    for element in form.iter():
        name = element.get("name")
        if name and "__prefix__" not in name:
            value = _value(element)
            if value is not None:
                found[name] = value
    return found


def _value(element: Element) -> str | None:
    kind = element.get("type", "text")
    if element.tag == "input":
        if kind in {"submit", "button"}:
            return None
        if kind in {"checkbox", "radio"}:
            return element.get("value", "on") if element.get("checked") is not None else None
        return element.get("value", "")
    if element.tag == "textarea":
        return (element.text or "").removeprefix("\n")
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return chosen[0].get("value", "") if chosen else ""
    return None


def add_row(fields: dict[str, Any], prefix: str, **values: str) -> dict[str, Any]:
    """The fields with one more new row in a formset, as the admin's "Add another" makes it."""
    total = int(fields[f"{prefix}-TOTAL_FORMS"])
    new = {
        f"{prefix}-{total}-{name}": value for name, value in ({"id": "", "key": "", "position": ""} | values).items()
    }
    return fields | {f"{prefix}-TOTAL_FORMS": str(total + 1)} | new


def row_of(fields: dict[str, Any], prefix: str, pk: int) -> str:
    """The beginning of the field names of a saved row: "questions-2-"."""
    return next(
        name
        for name, value in fields.items()
        if name.endswith("-id") and value == str(pk) and name.startswith(f"{prefix}-")
    )[:-2]
