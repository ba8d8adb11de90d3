"""What a load did, for a person."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class LoadReport:
    """What a load did, in lines for a person."""

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
        "held_back": "Live or withdrawn in the file, and drafts here: nothing goes live without --publish",
        "withdrawn": "Withdrawn, as in the file",
        "submitted": "Ready to publish, as in the file",
        "trashed": "In the trash, as in the file",
        "updated": "There already, and now with the file's words in the working copy; what is live stayed",
        "unchanged": "There already, and the same: unchanged",
        "left_alone": "Left alone",
        "different": "Not word for word as in the file, by the rules and the sources of this site",
    }

    def lines(self, most: int | None = None) -> Iterator[str]:
        """The report, of each sort at most so many names."""
        for name, title in self.TITLES.items():
            if found := getattr(self, name):
                yield f"{title} ({len(found):,}):"
                yield from (f"  {line}" for line in found[:most])
                if most is not None and len(found) > most:
                    yield f"  … and {len(found) - most:,} more"
        if not any([self.created, self.updated]):
            yield "Nothing was changed."
