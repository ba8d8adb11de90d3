"""Makes a record from a page of text. A value that does not fit is left out as a whole, and a remark keeps it."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from django.db import models

from diseases import codes
from diseases.models import Disease, Identifier, Question, Source, Synonym
from diseases.values import Topic
from imports.contact_text import OrganizationText
from imports.lines import PageTextError
from imports.models import RECORD_LENGTH
from imports.page_text import PageText, read_page_text
from imports.parts import set_content, shortened
from imports.question_text import QuestionText
from imports.records import (
    CodeRecord,
    DatedQuestionRecord,
    Delivery,
    SourceRecord,
    SupportRecord,
    SynonymRecord,
    UnreadableSource,
)
from imports.validation import field_errors, label, model_field
from organizations.models import Organization
from publishing.prose import blocks, sanitize
from search.letters import fold_text

CONTACT_FIELDS = [each.name for each in fields(OrganizationText) if each.name not in ("line", "name")]
MAX_PAGE_MEGABYTES = 5
MAX_QUOTED = 100  # characters of a value that the first line of a remark quotes


def read_page(path: Path) -> Delivery:
    """Returns the record of a file. Raises UnreadableSource."""
    try:
        if path.stat().st_size > MAX_PAGE_MEGABYTES * 1024 * 1024:
            raise UnreadableSource(f"{path} is larger than {MAX_PAGE_MEGABYTES} MB, too large for a page of text.")
        page = read_page_text(path.read_bytes().decode("utf-8"))
        record = _RecordOfPage(page, path.name).record()
    except OSError as error:
        raise UnreadableSource(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UnreadableSource(f"{path}, line {line}: not UTF-8 text. Save the file as UTF-8 and try again.") from error
    except PageTextError as error:
        raise UnreadableSource(f"{path}: {error}") from error
    return Delivery(iter([record]), [], 1, (path,))


class _RecordOfPage:
    """Collects the record of one page, without repetitions and without values that do not fit."""

    def __init__(self, page: PageText, where: str) -> None:
        self.page, self.where, self.key = page, where, shortened(fold_text(page.name), RECORD_LENGTH)
        self.remarks = [f"line {number}: {text}" for number, text in page.unplaced]

    def record(self) -> SourceRecord:
        page, head = self.page, self.page.head
        if reason := field_errors(Disease(name=page.name)).get("name"):
            raise PageTextError(
                f"Line {head['name']}: the disease's name does not fit. {reason} "
                "Put a shorter name on that line, and nothing else."
            )
        disease = Disease(name=page.name, summary=page.summary)
        self._clear_invalid(disease, head["summary"], self.remarks)
        organizations = list(self._organizations())
        return SourceRecord(
            key=self.key,
            where=self.where,
            name=page.name,
            fields={"summary": disease.summary} if disease.summary else {},
            codes=tuple(self._codes()),
            synonyms=tuple(self._synonyms()),
            questions=tuple(self._questions()),
            organizations=tuple(organizations),
            supports=tuple(SupportRecord(each.name) for each in organizations),
            remarks=tuple(self.remarks),
        )

    def _clear_invalid(self, row: models.Model, line: int, remarks: list[str]) -> None:
        """Empties the fields of a row whose values do not fit. A remark holds each value as a whole."""
        for name, reason in field_errors(row).items():
            value = str(getattr(row, name))
            text = "\n".join(blocks(value)) if name == "answer" else value
            remarks.append(_left_out(line, label(row, name), text, reason))
            setattr(row, name, "")

    def _synonyms(self) -> Iterator[SynonymRecord]:
        seen = {self.page.name.casefold()}
        for synonym in self.page.synonyms:
            if reason := field_errors(Synonym(text=synonym.text, kind=synonym.kind)).get("text"):
                self.remarks.append(_left_out(self.page.head["also called"], "synonym", synonym.text, reason))
            elif synonym.text.casefold() not in seen:
                seen.add(synonym.text.casefold())
                yield synonym

    def _codes(self) -> Iterator[CodeRecord]:
        for code in self.page.codes:
            try:
                stored = CodeRecord(code.scheme, codes.clean(code.scheme, code.value))
                reason = field_errors(Identifier(scheme=stored.scheme, value=stored.value)).get("value")
            except ValueError as error:
                reason = str(error)
            if reason:
                self.remarks.append(_left_out(self.page.head["codes"], "code", f"{code.scheme}:{code.value}", reason))
            else:
                yield stored

    def _questions(self) -> Iterator[DatedQuestionRecord]:
        """Yields each question once, with its first answer. Other answers to it are left out."""
        questions = [valid for text in self.page.questions if (valid := self._question(text))]
        chosen: dict[str, QuestionText] = {}
        for text in [*(text for text in questions if text.answer), *questions]:
            chosen.setdefault(fold_text(text.question), text)
        for text in questions:
            first = chosen[fold_text(text.question)]
            if text.answer and _whole(text) != _whole(first):
                line = f"line {text.line}: “{text.question}” left out: line {first.line} already has an answer to it"
                self.remarks.append(f"{line}\n{_whole(text)}")
            if first is text:
                yield DatedQuestionRecord(
                    key=fold_text(text.question),
                    topic=Topic(text.topic),
                    question=text.question,
                    answer=text.answer,
                    source_url=text.source_url,
                    last_updated=text.last_updated,
                    adapted=text.adapted,
                    source=text.source,
                )

    def _question(self, text: QuestionText) -> QuestionText | None:
        """Returns the question, sanitized and without values that do not fit; None if the question does not fit."""
        row = Question(
            topic=text.topic, question=text.question, answer=sanitize(text.answer), source_url=text.source_url
        )
        if reason := field_errors(row).get("question"):
            line = f"line {text.line}: question “{_abbreviated(text.question)}” left out: {reason}"
            self.remarks.append(f"{line}\n{text.question}\n{_whole(text)}")
            return None
        self._clear_invalid(row, text.line, self.remarks)
        valid = replace(text, answer=row.answer, source_url=row.source_url)
        if text.source and (reason := field_errors(Source(name=text.source)).get("name")):
            self.remarks.append(_left_out(text.line, "source", text.source, reason))
            valid = replace(valid, source="", adapted=False)
        return valid

    def _organizations(self) -> Iterator[SourceRecord]:
        """Yields each organization once, with its first details. Other details are left out."""
        merged: dict[str, SourceRecord] = {}
        for text in self.page.organizations:
            record = self._organization(text)
            folded = fold_text(record.name)
            if first := merged.get(folded):
                reason = "an earlier line of the page says something else."
                later = tuple(
                    _left_out(text.line, f"{label(Organization, name)} of {record.name}", value, reason)
                    for name, value in record.fields.items()
                    if value != first.fields.get(name)
                )
                record = replace(first, remarks=(*first.remarks, *record.remarks, *later))
            merged[folded] = record
        yield from merged.values()

    def _organization(self, text: OrganizationText) -> SourceRecord:
        longest = model_field(Organization, "name").max_length or 0
        website = text.website if "://" in text.website or not text.website else f"https://{text.website}"
        row = Organization(name=text.name[:longest].strip())
        set_content(row, {name: getattr(text, name) for name in CONTACT_FIELDS} | {"website": website})
        remarks: list[str] = []
        self._clear_invalid(row, text.line, remarks)
        if len(text.name) > longest:
            line = (
                f"line {text.line}: the name “{_abbreviated(text.name)}” is shortened: at most {longest} characters fit"
            )
            remarks.append(f"{line}\n{text.name}")
        values = {name: str(getattr(row, name) or "") for name in CONTACT_FIELDS}
        return SourceRecord(
            key=shortened(f"{self.key}/{fold_text(row.name)}", RECORD_LENGTH),
            where=f"{self.where}, line {text.line}",
            name=row.name,
            kind=Organization.KIND,
            fields={name: value for name, value in values.items() if value},
            remarks=tuple(remarks),
        )


def _whole(text: QuestionText) -> str:
    """Returns everything that stands under a question, as plain text."""
    source = " ".join(filter(None, [text.source, text.source_url]))
    return "\n".join(
        [
            *blocks(text.answer),
            *([f"Last updated on {text.last_updated}"] if text.last_updated else []),
            *([f"{'Adapted from' if text.adapted else 'Source:'} {source}"] if source else []),
        ]
    )


def _left_out(line: int, what: str, value: str, reason: str) -> str:
    """Returns a remark on a value that is left out. The whole value follows where its first line shortens it."""
    where = f"line {line}: " if line else ""
    quoted = _abbreviated(value)
    return f"{where}{what} “{quoted}” left out: {reason}" + (f"\n{value}" if quoted.endswith("…") else "")


def _abbreviated(value: str) -> str:
    """Returns a value on one line, shortened where it is long."""
    line = ", ".join(value.splitlines())
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED].rstrip()} …"
