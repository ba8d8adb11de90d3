"""Sections that an app adds to the public page of a kind of an app below it.

For example, `community` adds portraits to the page of a disease. An app registers its sections in its `sections.py`,
which is imported at the start. The template of the page prints them with `{% registered_sections %}`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from publishing.models import Edition

SectionContext = Callable[[Edition, bool], dict[str, Any] | None]
"""Returns the section's template context for an edition, or None for no section. The flag is True for a preview."""


@dataclass(frozen=True)
class PageSection:
    template: str
    context: SectionContext


_registered_sections: dict[str, list[PageSection]] = {}


def register_section(kind: str, template: str, context: SectionContext) -> None:
    """Adds a section to the pages of a kind, named by its KIND."""
    _registered_sections.setdefault(kind, []).append(PageSection(template, context))


def sections_of(kind: str) -> list[PageSection]:
    """Returns the sections that are registered for a kind, in the order of registration."""
    return _registered_sections.get(kind, [])
