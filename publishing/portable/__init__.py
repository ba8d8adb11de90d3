"""Content in and out: every subject of every kind in one JSON document, for another site or another program.

The document holds pages, word for word, and what readers meet around them: addresses, dates, reasons, successors. A
subject is named by kind and address everywhere, never by a number of this database. What it looks like stands in
docs/decisions/0004-portable-content.md.
"""

from publishing.portable.document import PortableError
from publishing.portable.dumping import dump
from publishing.portable.loading import load
from publishing.portable.report import Report

__all__ = ["PortableError", "Report", "dump", "load"]
