"""The report of an import: counts, and lines for the person who reads it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypedDict

from django.db.models import TextChoices


class Heading(TextChoices):
    """The headings of a report, in their order. Stored reports and files carry the values; the labels are printed."""

    FAILED = "failed", "Failed: not imported, nothing of it was saved"
    CREATED = "created", "Created as drafts"
    PUBLISHED = "published", "Published"
    UPDATED = "updated", "Updated, not yet published"
    PROPOSED = "proposed", "Proposed: an editor decides"
    CONFLICTS = "conflicts", "Conflicts: nothing was changed"
    POSSIBLE_DUPLICATES = "possible_duplicates", "Perhaps the same as another page on this site"
    SUPPRESSED = "suppressed", "Not imported again: an editor deleted or declined it"
    MISSING = "missing", "Imported before, but not among these records: nothing was changed"
    SKIPPED = "skipped", "Skipped"
    REMARKS = "remarks", "For an editor to check"


class ReportSection(TypedDict):
    """One heading of a stored report, with its lines."""

    heading: str
    title: str
    lines: list[str]


class StoredReport(TypedDict):
    """A report as the database and the files of --report hold it."""

    counts: dict[str, int]
    sections: list[ReportSection]


@dataclass
class ImportReport:
    """Collects lines by heading, and counts. `rows` counts what was added: questions, symptoms, "GARD codes"."""

    lines: dict[Heading, list[str]] = field(default_factory=lambda: {heading: [] for heading in Heading})
    rows: Counter[str] = field(default_factory=Counter)
    skipped_reasons: Counter[str] = field(default_factory=Counter)  # for records that need no line of their own
    read: int = 0
    unchanged: int = 0

    def add(self, heading: Heading, where: str, line: str = "") -> None:
        """Adds a line below a heading: what it is about, and what there is to say."""
        self.lines[heading].append(f"{where}: {line}" if line else where)

    def merge(self, other: "ImportReport") -> None:
        """Adds the report of one record, once that record is saved."""
        for heading, lines in other.lines.items():
            self.lines[heading] += lines
        self.rows += other.rows
        self.skipped_reasons += other.skipped_reasons

    @property
    def changed_nothing(self) -> bool:
        changes = (Heading.CREATED, Heading.PUBLISHED, Heading.UPDATED, Heading.PROPOSED)
        return not self.rows and not any(self.lines[heading] for heading in changes)

    def counts(self) -> dict[str, int]:
        """Returns the number of records read, of lines by heading and of rows added."""
        counts = {"read": self.read, "unchanged": self.unchanged}
        counts |= {str(heading): len(lines) for heading, lines in self.lines.items()}
        counts[str(Heading.SKIPPED)] += self.skipped_reasons.total()
        return counts | {f"added: {name}": count for name, count in sorted(self.rows.items())}

    def as_json(self) -> StoredReport:
        """Returns the report as it is stored. Headings without lines are left out."""
        lines = self.lines | {Heading.SKIPPED: [*self._skipped_lines(), *self.lines[Heading.SKIPPED]]}
        return {
            "counts": self.counts(),
            "sections": [
                {"heading": str(heading), "title": str(heading.label), "lines": lines[heading]}
                for heading in Heading
                if lines[heading]
            ],
        }

    def _skipped_lines(self) -> list[str]:
        return [f"{count:,} records: {reason}" for reason, count in sorted(self.skipped_reasons.items())]

    def text(self, max_lines: int = 20) -> Iterator[str]:
        """Yields the report for a terminal: at most `max_lines` entries of each heading, and the first line of each."""
        report = self.as_json()
        for section in report["sections"]:
            lines = section["lines"]
            yield f"{section['title']} ({report['counts'][section['heading']]:,}):"
            yield from (f"  {line.splitlines()[0]}" for line in lines[:max_lines])
            if len(lines) > max_lines:
                yield f"  … and {len(lines) - max_lines:,} more"
        if self.rows:
            yield "Added: " + ", ".join(f"{count:,} {name}" for name, count in sorted(self.rows.items())) + "."
        yield f"Read {self.read:,} records; {self.unchanged:,} had nothing new."
        if self.changed_nothing:
            yield "Nothing was changed."
