"""Reports what a load did."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class LoadReport:
    """The names of the pages that a load created, changed or left, by what it did."""

    created: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    trashed: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    TITLES = {
        "created": "Created",
        "published": "Published",
        "held_back": "Live or withdrawn in the file, but drafts on this site: only --publish publishes them",
        "withdrawn": "Withdrawn, as in the file",
        "submitted": "Ready to publish, as in the file",
        "trashed": "In the trash, as in the file",
        "updated": "Changed: the draft has the texts of the file, the live page stays as it was",
        "unchanged": "Unchanged: this site says the same as the file",
        "left_alone": "Left alone",
        "different": "Not exactly as in the file, since this site has other rules or other sources",
    }

    def lines(self, max_names: int | None = None) -> Iterator[str]:
        """Yields the lines of the report, with at most `max_names` names below each title."""
        for name, title in self.TITLES.items():
            if names := getattr(self, name):
                yield f"{title} ({len(names):,}):"
                yield from (f"  {line}" for line in names[:max_names])
                if max_names is not None and len(names) > max_names:
                    yield f"  … and {len(names) - max_names:,} more"
        if not any([self.created, self.updated]):
            yield "Nothing was changed."
