"""Portraits on the pages of rooms that know nothing of them."""

from django import template

from diseases import community
from publishing.models import Edition
from suggestions.portrait_lists import Few, about, few, live_portraits

register = template.Library()


@register.simple_tag
def latest_portraits() -> Few:
    return few(live_portraits())


@register.simple_tag
def portraits_of(disease: Edition) -> Few:
    """Those of people with a disease, by any edition of it."""
    return few(about(disease))


@register.simple_tag
def people() -> str:
    """What the people in the portraits have in common, as a heading."""
    return community.people()
