"""What the head of a page needs and Django's templates do not have."""

import json
from typing import Any

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.loader import render_to_string
from django.template.loader_tags import BlockNode
from django.utils.safestring import SafeString, mark_safe

from publishing.models import Edition
from website.sections import sections_of

register = template.Library()

# As Django's json_script does it: no text can end the element, or begin a comment in it.
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


@register.filter
def data_block(linked_data: Any) -> SafeString:
    """JSON-LD for other programs. A browser runs no script of this type, so the policy of the pages lets it stand."""
    text = json.dumps(linked_data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 # nothing in it is markup now


@register.simple_tag(takes_context=True)
def registered_sections(context: template.Context, edition: Edition) -> SafeString:
    """The parts that other apps add to the page of an edition: see `website/sections.py`."""
    preview = bool(context.get("preview"))
    page: Any = context.flatten()
    rendered = []
    for section in sections_of(edition.kind):
        own = section.context(edition, preview)
        if own is not None:
            rendered.append(render_to_string(section.template, page | own))
    return SafeString("".join(rendered))
