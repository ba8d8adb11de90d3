"""Reports what a load did."""

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum


class LoadOutcome(Enum):
    """What a load did to a page, as the title of a list of pages."""

    CREATED = "Created"
    PUBLISHED = "Published"
    HELD_BACK = "Live or withdrawn in the file, but drafts on this site: only --publish publishes them"
    WITHDRAWN = "Withdrawn, as in the file"
    SUBMITTED = "Ready to publish, as in the file"
    TRASHED = "In the trash, as in the file"
    UPDATED = "Changed: the draft has the texts of the file, the live page stays as it was"
    UNCHANGED = "Unchanged: this site says the same as the file"
    LEFT_ALONE = "Left alone"
    DIFFERENT = "Not exactly as in the file, since this site has other rules or other sources"


LoadReport = defaultdict[LoadOutcome, list[str]]
"""The names of the pages that a load created, changed or left, by what it did."""


def report_lines(report: LoadReport, max_names: int | None) -> Iterator[str]:
    """Yields the lines of the report, with at most `max_names` names below each title."""
    for outcome in LoadOutcome:
        if names := report[outcome]:
            yield f"{outcome.value} ({len(names):,}):"
            yield from (f"  {line}" for line in names[:max_names])
            if max_names is not None and len(names) > max_names:
                yield f"  … and {len(names) - max_names:,} more"
    if not any([report[LoadOutcome.CREATED], report[LoadOutcome.UPDATED]]):
        yield "Nothing was changed."
