"""Renders the smallest parts of forms without a template: a change form of the admin has hundreds of them."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.safestring import SafeString

INPUTS = {f"django/forms/widgets/{name}.html" for name in ["checkbox", "date", "email", "hidden", "text", "url"]}
FORM_LABEL = "django/forms/label.html"
ERRORS = "django/forms/errors/list/ul.html"
SELECT, OPTION = "django/forms/widgets/select.html", "django/forms/widgets/select_option.html"


class FormRenderer(DjangoTemplates):
    """Returns exactly what Django's templates say, in a small part of the time. Every value is escaped as they do."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name in INPUTS:
            return SafeString(_input(context["widget"]))
        if template_name == FORM_LABEL and context["use_tag"]:
            tag = _escaped(context["tag"])
            return SafeString(f"<{tag}{_attributes(context['attrs'])}>{_escaped(context['label'])}</{tag}>")
        if template_name == ERRORS and not context["errors"]:
            return SafeString()
        if template_name == SELECT:
            return SafeString("".join(self._select(context["widget"])))
        return super().render(template_name, context, request)

    def _select(self, widget: Mapping[str, Any]) -> Iterator[str]:
        yield f'<select name="{_escaped(widget["name"])}"{_attributes(widget["attrs"])}>'
        for name, options, _index in widget["optgroups"]:
            if name:
                yield f'\n  <optgroup label="{_escaped(name)}">'
            for option in options:
                if option["template_name"] == OPTION:
                    value, label = _escaped(str(option["value"])), _escaped(option["label"])
                    yield f'\n  <option value="{value}"{_attributes(option["attrs"])}>{label}</option>\n'
                else:
                    yield "\n  " + self.get_template(option["template_name"]).render({"widget": option})
            if name:
                yield "\n  </optgroup>"
        yield "\n</select>"


def _escaped(value: object) -> str:
    text = str(value)
    return text if isinstance(text, SafeString) else escape(text)


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_escaped(widget["value"])}"'
    kind, name = _escaped(widget["type"]), _escaped(widget["name"])
    return f'<input type="{kind}" name="{name}"{value}{_attributes(widget["attrs"])}>'


def _attributes(attributes: Mapping[str, Any] | None) -> str:
    return "".join(
        f" {_escaped(name)}" if value is True else f' {_escaped(name)}="{_escaped(value)}"'
        for name, value in (attributes or {}).items()
        if value is not False
    )
