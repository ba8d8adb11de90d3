"""What an import did, in counts and in lines for a person."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TITLES = {
    "failed": "Failed: not imported, and nothing of it was written",
    "created": "Created as drafts",
    "published": "Published",
    "updated": "Updated in the working copy",
    "proposed": "Proposed: an editor decides",
    "conflicts": "Conflicts: nothing was changed",
    "alike": "Perhaps the same as another disease here",
    "suppressed": "Kept away, since an editor deleted or declined it",
    "missing": "Imported before, and not among these records: nothing was changed",
    "skipped": "Skipped",
    "remarks": "For an editor to look at",
}


@dataclass
class ImportReport:
    """Lines by heading, and counts. `rows` counts what was added: questions, symptoms, "GARD codes"."""

    lines: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in TITLES})
    rows: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)  # reasons that are no news, and how often
    read: int = 0
    unchanged: int = 0

    def add(self, heading: str, where: str, line: str = "") -> None:
        self.lines[heading].append(f"{where}: {line}" if line else where)

    def take(self, other: "ImportReport") -> None:
        """Adds what was found out about one record, once that is written for good."""
        for heading, lines in other.lines.items():
            self.lines[heading] += lines
        self.rows += other.rows
        self.passed_over += other.passed_over
        self.read += other.read
        self.unchanged += other.unchanged

    @property
    def has_failed(self) -> bool:
        return bool(self.lines["failed"])

    @property
    def changed_nothing(self) -> bool:
        return not any(self.lines[heading] for heading in ("created", "published", "updated", "proposed"))

    def counts(self) -> dict[str, int]:
        found = {"read": self.read, "unchanged": self.unchanged}
        found |= {heading: len(lines) for heading, lines in self.lines.items()}
        found["skipped"] += self.passed_over.total()
        return found | {f"added: {name}": count for name, count in sorted(self.rows.items())}

    def as_json(self) -> dict[str, Any]:
        lines = self.lines | {"skipped": [*self._passed_over(), *self.lines["skipped"]]}
        sections = [{"heading": heading, "title": title, "lines": lines[heading]} for heading, title in TITLES.items()]
        return {"counts": self.counts(), "sections": [section for section in sections if section["lines"]]}

    def _passed_over(self) -> list[str]:
        return [f"{count:,} records: {reason}" for reason, count in sorted(self.passed_over.items())]

    def text(self, most: int = 20) -> Iterator[str]:
        """The report for a terminal, of each heading at most so many lines."""
        for section in self.as_json()["sections"]:
            lines = section["lines"]
            yield f"{section['title']} ({self.counts()[section['heading']]:,}):"
            yield from (f"  {line}" for line in lines[:most])
            if len(lines) > most:
                yield f"  … and {len(lines) - most:,} more"
        if self.rows:
            yield "Added: " + ", ".join(f"{count:,} {name}" for name, count in sorted(self.rows.items())) + "."
        yield f"Read {self.read:,} records; {self.unchanged:,} said nothing new."
        if self.changed_nothing:
            yield "Nothing was changed."
