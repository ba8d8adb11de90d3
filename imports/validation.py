"""What of a text fits into rows, and remarks about what does not: a value is left out whole, and never lost."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from diseases import codes
from diseases.models import Disease, Identifier, Question, Source, Synonym
from imports.lines import PageTextError
from imports.page_text import IdentifierText, PageText, QuestionText, SynonymText
from organizations.models import NUMBER_FIELDS, Organization
from publishing.prose import blocks, sanitize
from search.letters import fold_text

FITTED_CONTACT_FIELDS = ["street", "city", "region", "postal_code", "country", *NUMBER_FIELDS, "email", "website"]
MAX_NAME_LENGTH = Organization._meta.get_field("name").max_length or 0
MAX_QUOTED = 100  # characters of a value that a line of the report quotes


class Remark(NamedTuple):
    """What the page says and no field took: in one line for the report, and whole for the staff notes."""

    line: str
    whole: str = ""

    def note(self) -> str:
        return f"Not placed on import, {self.line}" + (f"\n{self.whole}" if self.whole else "")


def notes(remarks: Iterable[Remark]) -> str:
    return "\n".join(remark.note() for remark in remarks)


def drop_invalid(page: PageText, head: dict[str, int]) -> tuple[PageText, list[Remark]]:
    """The page without repetitions and without what rows would refuse, and remarks on all that has no place."""
    remarks = [Remark(f"line {each.line}: {each.text}") for each in page.unplaced]
    disease = Disease(name=page.name, summary=page.summary)
    refused = field_errors(disease)
    if "name" in refused:
        raise PageTextError(
            f"Line {head['name'] or 1}: the disease's name does not fit. {refused['name']} "
            "Put a shorter name on that line, by itself."
        )
    remarks += clear_fields(disease, refused, head["summary"]).values()
    fitting = replace(
        page,
        summary=disease.summary,
        synonyms=_valid_synonyms(page, head["also called"], remarks),
        identifiers=_valid_codes(page, head["codes"], remarks),
        questions=_valid_questions(page, remarks),
    )
    return fitting, remarks


def _valid_synonyms(page: PageText, line: int, remarks: list[Remark]) -> tuple[SynonymText, ...]:
    found: dict[str, SynonymText] = {}
    for synonym in page.synonyms:
        reason = field_errors(Synonym(text=synonym.text, kind=synonym.kind)).get("text")
        if reason:
            remarks.append(dropped(line, "synonym", synonym.text, reason))
        elif synonym.text.casefold() != page.name.casefold():
            found.setdefault(synonym.text.casefold(), synonym)
    return tuple(found.values())


def _valid_codes(page: PageText, line: int, remarks: list[Remark]) -> tuple[IdentifierText, ...]:
    """The codes in the form in which they are stored."""
    found: dict[IdentifierText, None] = {}
    for code in page.identifiers:
        try:
            stored = IdentifierText(code.scheme, codes.clean(code.scheme, code.value))
            reason = field_errors(Identifier(scheme=stored.scheme, value=stored.value)).get("value")
        except ValueError as error:
            reason = str(error)
        if reason:
            remarks.append(dropped(line, "code", f"{code.scheme}:{code.value}", reason))
        else:
            found[stored] = None
    return tuple(found)


def _valid_questions(page: PageText, remarks: list[Remark]) -> tuple[QuestionText, ...]:
    """Each question once, with the first answer that it has; another answer to it is left out."""
    questions = [fitting for text in page.questions if (fitting := _valid_question(text, remarks))]
    chosen: dict[str, QuestionText] = {}
    for text in [*(text for text in questions if text.answer), *questions]:
        chosen.setdefault(fold_text(text.question), text)
    for text in questions:
        first = chosen[fold_text(text.question)]
        if text.answer and _whole(text) != _whole(first):
            said = f"line {text.line}: “{text.question}” left out: it is answered on line {first.line} already"
            remarks.append(Remark(said, _whole(text)))
    return tuple(text for text in questions if chosen[fold_text(text.question)] is text)


def _valid_question(text: QuestionText, remarks: list[Remark]) -> QuestionText | None:
    """The question with its answer sanitized and without what its row would refuse; None where it has no place."""
    row = question_row(text)
    refused = field_errors(row)
    if "question" in refused:
        said = f"line {text.line}: question “{abbreviated(text.question)}” left out: {refused['question']}"
        remarks.append(Remark(said, f"{text.question}\n{_whole(text)}"))
        return None
    remarks += clear_fields(row, refused, text.line).values()
    fitting = replace(text, answer=row.answer, source_url=row.source_url)
    if text.source and (reason := field_errors(Source(name=text.source)).get("name")):
        remarks.append(dropped(text.line, "source", text.source, reason))
        fitting = replace(fitting, source="", adapted=False)
    return fitting


def _whole(text: QuestionText) -> str:
    """All that stands under a question, in words."""
    source = " ".join(filter(None, [text.source, text.source_url]))
    return "\n".join(
        [
            *blocks(text.answer),
            *([f"Last updated on {text.last_updated}"] if text.last_updated else []),
            *([f"{'Adapted from' if text.adapted else 'Source:'} {source}"] if source else []),
        ]
    )


def field_errors(row: models.Model) -> dict[str, str]:
    """Why the model refuses what is in a field, by the field's name."""
    reasons: dict[str, str] = {}
    not_typed, relations, texts = _fields_of(type(row))
    try:
        row.clean_fields(exclude=not_typed | relations)
    except ValidationError as error:
        reasons = {name: " ".join(messages) for name, messages in error.message_dict.items()}
    for name, most in texts.items():
        # Django holds forms alone to the length of a TextField.
        if len(getattr(row, name)) > most:
            reasons[name] = f"At most {most:,} characters fit."
    return reasons


@cache
def _fields_of(model: type[models.Model]) -> tuple[set[str], set[str], dict[str, int]]:
    """The fields that nobody types, since save() fills them in; the relations; the texts, with what fits into each."""
    fields = model._meta.fields
    texts = {each.name: each.max_length for each in fields if isinstance(each, models.TextField) and each.max_length}
    not_typed = {"slug", *(each.name for each in fields if not each.editable)}
    return not_typed, {each.name for each in fields if each.is_relation}, texts


def clear_fields(row: Any, refused: dict[str, str], line: int) -> dict[str, Remark]:
    """Empties the fields that are refused; a remark on each, by the field's name, so that no value is lost."""
    remarks = {}
    for name, reason in refused.items():
        value = str(getattr(row, name))
        words = "\n".join(blocks(value)) if name == "answer" else value
        remarks[name] = dropped(line, label(row, name), words, reason)
        setattr(row, name, "")
    return remarks


def dropped(line: int, what: str, value: str, reason: str) -> Remark:
    where = f"line {line}: " if line else ""
    shown = abbreviated(value)
    return Remark(f"{where}{what} “{shown}” left out: {reason}", value if shown.endswith("…") else "")


def abbreviated(value: str) -> str:
    """A value on one line, cut where it is long."""
    line = ", ".join(value.splitlines())
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED].rstrip()} …"


def label(row: Any, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name)


def save_row(row: models.Model, line: int) -> None:
    """Saves a new row. Raises PageTextError where a rule about several rows or fields is against it."""
    try:
        row.full_clean(exclude=_fields_of(type(row))[0])
    except ValidationError as error:
        where = f"Line {line}: " if line else ""
        raise PageTextError(f"{where}“{row}” is refused. {' '.join(error.messages)} Change it in the file.") from error
    row.save()


def question_row(text: QuestionText) -> Question:
    """The question as a row, but for its source, which may have to be made."""
    return Question(
        topic=text.topic,
        question=text.question,
        answer=sanitize(text.answer),
        last_updated=text.last_updated,
        source_url=text.source_url,
        adapted=text.adapted,
    )
