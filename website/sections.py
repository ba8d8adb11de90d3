"""Parts of a kind's public page that apps above that kind add to it.

A disease's page shows the portraits of people with the disease, which an app above `diseases` holds. That app registers
a section in its own `sections.py`, which is imported at the start. The page's template prints the registered sections
at one place with `{% registered_sections %}`, and knows nothing of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from publishing.models import Edition

SectionContext = Callable[[Edition, bool], dict[str, Any] | None]
"""What the section's template is given, for an edition, and whether it is shown as a preview. None: no section."""


@dataclass(frozen=True)
class PageSection:
    template: str
    context: SectionContext


_registered_sections: dict[str, list[PageSection]] = {}


def register_section(kind: str, template: str, context: SectionContext) -> None:
    """Adds a section to the pages of a kind, named by its KIND."""
    _registered_sections.setdefault(kind, []).append(PageSection(template, context))


def sections_of(kind: str) -> list[PageSection]:
    """The sections that are registered for a kind, in the order of registration."""
    return _registered_sections.get(kind, [])
