"""Template tags for the public pages."""

import json
from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.loader import render_to_string
from django.template.loader_tags import BlockNode
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from publishing.models import Edition
from website.fragments import keep
from website.json_ld import Thing
from website.sections import sections_of

register = template.Library()

# Like Django's json_script: with these, no text can end the element or start a comment in it.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


class RepeatedBlock(Node):
    def __init__(self, name: str) -> None:
        self.block = BlockNode(name, NodeList())

    def render(self, context: template.Context) -> SafeString:
        return self.block.render(context)


@register.tag
def repeat_block(parser: Parser, token: Token) -> Node:
    """Prints a block of the same template a second time: `{% repeat_block title %}`."""
    _tag, name = token.split_contents()
    return RepeatedBlock(name)


class Fragment(Node):
    def __init__(self, name: str, keys: list[FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.keys = keys
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        keys = [key.resolve(context, ignore_failures=True) for key in self.keys]
        if None in keys:
            return self.nodelist.render(context)
        return keep((self.name, *keys), lambda: self.nodelist.render(context))


@register.tag
def fragment(parser: Parser, token: Token) -> Node:
    """Keeps what it encloses in memory: `{% fragment answers edition_key %}…{% endfragment %}`.

    The name is used once in all templates. The keys hold all that the fragment prints: see `website/fragments.py`.
    Where one of them is None or not in the context, nothing is kept.
    """
    _tag, name, *keys = token.split_contents()
    nodelist = parser.parse(["endfragment"])
    parser.delete_first_token()
    return Fragment(name, [parser.compile_filter(key) for key in keys], nodelist)


@register.filter
def day(value: date) -> str:
    """Returns a date as pages print it. Answers often have the same dates, and Django takes long to print one."""
    return _print_day(value, get_language())


@lru_cache(maxsize=10_000)
def _print_day(value: date, language: str | None) -> str:
    return date_format(value)


@register.filter
def data_block(linked_data: Thing | None) -> SafeString:
    """Returns JSON-LD as a script element, or "" where there is none.

    Browsers do not run this type, so the content security policy allows it.
    """
    if not linked_data:
        return SafeString("")
    text = json.dumps(linked_data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 # no markup is left in it


@register.simple_tag(takes_context=True)
def registered_sections(context: template.Context, edition: Edition) -> SafeString:
    """Renders the sections that other apps add to the page of an edition: see `website/sections.py`."""
    preview = bool(context.get("preview"))
    page_context: Any = context.flatten()
    rendered = []
    for section in sections_of(edition.kind):
        section_context = section.context(edition, preview)
        if section_context is not None:
            rendered.append(render_to_string(section.template, page_context | section_context))
    return SafeString("".join(rendered))
