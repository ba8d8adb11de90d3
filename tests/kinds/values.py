from dataclasses import replace
from datetime import date
from uuid import UUID

from publishing.values import Line, Page, Text, Value
from search.documents import Document, DocumentSection


class StepValue(Value):
    key: UUID
    text: Line


class LeafletPage(Page):
    text: Text = ""
    written_on: date | None = None
    steps: tuple[StepValue, ...] = ()

    def document(self, kind: str, label: str, key: int, url: str) -> Document:
        plain = super().document(kind, label, key, url)
        return replace(plain, sections=(DocumentSection("", "", self.text),))
