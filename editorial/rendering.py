"""Renders the smallest parts of forms without a template: a change form of the admin has hundreds of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

INPUTS = {f"django/forms/widgets/{name}.html" for name in ["checkbox", "date", "email", "hidden", "text", "url"]}
FORM_LABEL = "django/forms/label.html"
ERRORS = "django/forms/errors/list/ul.html"
SELECT, OPTION = "django/forms/widgets/select.html", "django/forms/widgets/select_option.html"
BEGIN, END = SafeString('="'), SafeString('"')


class FormRenderer(DjangoTemplates):
    """Returns exactly what Django's templates say, in a small part of the time."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name in INPUTS:
            return _input(context["widget"])
        if template_name == FORM_LABEL and context["use_tag"]:
            tag = context["tag"]
            return format_html("<{}{}>{}</{}>", tag, _attributes(context["attrs"]), context["label"], tag)
        if template_name == ERRORS and not context["errors"]:
            return SafeString()
        if template_name == SELECT:
            widget = context["widget"]
            options = format_html_join("", "{}", ((part,) for part in self._options(widget["optgroups"])))
            return format_html(
                '<select name="{}"{}>{}\n</select>', widget["name"], _attributes(widget["attrs"]), options
            )
        return super().render(template_name, context, request)

    def _options(self, groups: list[tuple[str | None, list[dict[str, Any]], int]]) -> Iterator[SafeString]:
        for name, options, _index in groups:
            if name:
                yield format_html('\n  <optgroup label="{}">', name)
            for option in options:
                if option["template_name"] == OPTION:
                    attributes = _attributes(option["attrs"])
                    text = '\n  <option value="{}"{}>{}</option>\n'
                    yield format_html(text, str(option["value"]), attributes, option["label"])
                else:
                    yield format_html("\n  {}", self.get_template(option["template_name"]).render({"widget": option}))
            if name:
                yield SafeString("\n  </optgroup>")


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = "" if widget["value"] is None else format_html(' value="{}"', widget["value"])
    return format_html(
        '<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], value, _attributes(widget["attrs"])
    )


def _attributes(attributes: Mapping[str, Any]) -> SafeString:
    shown = ((name, value) for name, value in attributes.items() if value is not False)
    parts = ((name, "", "", "") if value is True else (name, BEGIN, value, END) for name, value in shown)
    return format_html_join("", " {}{}{}{}", parts)
