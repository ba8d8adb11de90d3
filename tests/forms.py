"""Reads a page's form the way a browser does, so that a test posts what a person would."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """Collects what each form of a page would post, by the form's id (or its place, where it has none)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: dict[str, dict[str, Any]] = {}
        self.form: dict[str, Any] | None = None
        self.text_area: str | None = None
        self.select: str | None = None
        self.is_multiple = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = self.forms.setdefault(found.get("id", f"form {len(self.forms)}"), {})
        if self.form is None:
            return
        name = found.get("name", "")
        if tag == "input" and name and found.get("type") not in {"submit", "button"}:
            boxed = found.get("type") in {"checkbox", "radio"}
            if not boxed or "checked" in found:
                self.form[name] = found.get("value", "on" if boxed else "")
        elif tag == "textarea":
            self.text_area, self.form[name] = name, ""
        elif tag == "select":
            self.select, self.is_multiple = name, "multiple" in found
        elif tag == "option" and self.select and self.is_multiple:
            if "selected" in found:
                self.form.setdefault(self.select, []).append(found.get("value", ""))
        elif tag == "option" and self.select and ("selected" in found or self.select not in self.form):
            self.form[self.select] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.text_area is not None:
            self.form[self.text_area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.form is not None and self.text_area is not None:
            self.form[self.text_area] = self.form[self.text_area].removeprefix("\n")
            self.text_area = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.form = None


def fields_of(html: str, form_id: str | None = None) -> dict[str, Any]:
    """The names and values that a browser would post for the named form, or else the first in the content."""
    reader = _Fields()
    reader.feed(html)
    forms = {name: form for name, form in reader.forms.items() if name != "logout-form"}
    form = forms[form_id] if form_id else next(iter(forms.values()))
    return {name: value for name, value in form.items() if "__prefix__" not in name}


def add_row(fields: dict[str, Any], prefix: str, **values: str) -> dict[str, Any]:
    """The fields with one more new row in a formset, as the admin's "Add another" makes it."""
    total = int(fields[f"{prefix}-TOTAL_FORMS"])
    row = {"id": "", "key": "", "position": ""} | values
    new = {f"{prefix}-{total}-{name}": value for name, value in row.items()}
    return fields | {f"{prefix}-TOTAL_FORMS": str(total + 1)} | new


def row_of(fields: dict[str, Any], prefix: str, pk: int) -> str:
    """The beginning of the field names of a saved row: "questions-2-"."""
    ids = (
        name
        for name, value in fields.items()
        if name.startswith(f"{prefix}-") and name.endswith("-id") and value == str(pk)
    )
    return next(ids).removesuffix("id")
