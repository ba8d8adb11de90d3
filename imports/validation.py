"""Checks whether the values of a page of text fit into rows.

A value that does not fit is left out as a whole, and a remark keeps it, so that nothing is lost.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models

from diseases import codes
from diseases.models import Disease, Identifier, Question, Source, Synonym
from imports.lines import PageTextError
from imports.page_text import IdentifierText, PageText, QuestionText, SynonymText
from publishing.prose import blocks, sanitize
from search.letters import fold_text

MAX_QUOTED = 100  # characters of a value that a line of the report quotes


class Remark(NamedTuple):
    """What the page says and no field holds: as one line for the report, and complete for the staff notes."""

    line: str
    whole: str = ""

    def note(self) -> str:
        """Returns the remark as the staff notes hold it."""
        return f"Not placed on import, {self.line}" + (f"\n{self.whole}" if self.whole else "")


def notes(remarks: Iterable[Remark]) -> str:
    """Returns remarks as the text of staff notes."""
    return "\n".join(remark.note() for remark in remarks)


def drop_invalid(page: PageText, head: dict[str, int]) -> tuple[PageText, list[Remark]]:
    """Returns the page without repetitions and without values that do not fit, and remarks on what is left out.

    `head` holds the line of each label. Raises PageTextError where the disease's name does not fit.
    """
    remarks = [Remark(f"line {each.line}: {each.text}") for each in page.unplaced]
    disease = Disease(name=page.name, summary=page.summary)
    errors = field_errors(disease)
    if "name" in errors:
        raise PageTextError(
            f"Line {head['name'] or 1}: the disease's name does not fit. {errors['name']} "
            "Put a shorter name on that line, and nothing else."
        )
    remarks += clear_fields(disease, errors, head["summary"]).values()
    valid = replace(
        page,
        summary=disease.summary,
        synonyms=_valid_synonyms(page, head["also called"], remarks),
        identifiers=_valid_codes(page, head["codes"], remarks),
        questions=_valid_questions(page, remarks),
    )
    return valid, remarks


def _valid_synonyms(page: PageText, line: int, remarks: list[Remark]) -> tuple[SynonymText, ...]:
    valid: dict[str, SynonymText] = {}
    for synonym in page.synonyms:
        reason = field_errors(Synonym(text=synonym.text, kind=synonym.kind)).get("text")
        if reason:
            remarks.append(dropped(line, "synonym", synonym.text, reason))
        elif synonym.text.casefold() != page.name.casefold():
            valid.setdefault(synonym.text.casefold(), synonym)
    return tuple(valid.values())


def _valid_codes(page: PageText, line: int, remarks: list[Remark]) -> tuple[IdentifierText, ...]:
    """Returns the codes in the form in which they are stored."""
    valid: dict[IdentifierText, None] = {}
    for code in page.identifiers:
        try:
            stored = IdentifierText(code.scheme, codes.clean(code.scheme, code.value))
            reason = field_errors(Identifier(scheme=stored.scheme, value=stored.value)).get("value")
        except ValueError as error:
            reason = str(error)
        if reason:
            remarks.append(dropped(line, "code", f"{code.scheme}:{code.value}", reason))
        else:
            valid[stored] = None
    return tuple(valid)


def _valid_questions(page: PageText, remarks: list[Remark]) -> tuple[QuestionText, ...]:
    """Returns each question once, with its first answer. Other answers to it are left out."""
    questions = [valid for text in page.questions if (valid := _valid_question(text, remarks))]
    chosen: dict[str, QuestionText] = {}
    for text in [*(text for text in questions if text.answer), *questions]:
        chosen.setdefault(fold_text(text.question), text)
    for text in questions:
        first = chosen[fold_text(text.question)]
        if text.answer and _whole(text) != _whole(first):
            line = f"line {text.line}: “{text.question}” left out: line {first.line} already has an answer to it"
            remarks.append(Remark(line, _whole(text)))
    return tuple(text for text in questions if chosen[fold_text(text.question)] is text)


def _valid_question(text: QuestionText, remarks: list[Remark]) -> QuestionText | None:
    """Returns the question with its answer sanitized and without values that do not fit; None if it does not fit."""
    row = question_row(text)
    errors = field_errors(row)
    if "question" in errors:
        line = f"line {text.line}: question “{abbreviated(text.question)}” left out: {errors['question']}"
        remarks.append(Remark(line, f"{text.question}\n{_whole(text)}"))
        return None
    remarks += clear_fields(row, errors, text.line).values()
    valid = replace(text, answer=row.answer, source_url=row.source_url)
    if text.source and (reason := field_errors(Source(name=text.source)).get("name")):
        remarks.append(dropped(text.line, "source", text.source, reason))
        valid = replace(valid, source="", adapted=False)
    return valid


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


def field_errors(row: models.Model) -> dict[str, str]:
    """Returns why the values of a row do not fit into their fields, by field name."""
    errors: dict[str, str] = {}
    automatic, relations, max_lengths = _fields_of(type(row))
    try:
        row.clean_fields(exclude=automatic | relations)
    except ValidationError as error:
        errors = {name: " ".join(messages) for name, messages in error.message_dict.items()}
    for name, max_length in max_lengths.items():
        # Django checks the length of a TextField in forms only.
        if len(getattr(row, name)) > max_length:
            errors[name] = f"At most {max_length:,} characters fit."
    return errors


@cache
def _fields_of(model: type[models.Model]) -> tuple[set[str], set[str], dict[str, int]]:
    """Returns the names of the fields that save() fills in, the names of relations, and the lengths of text fields."""
    fields = model._meta.fields
    lengths = {each.name: each.max_length for each in fields if isinstance(each, models.TextField) and each.max_length}
    automatic = {"slug", *(each.name for each in fields if not each.editable)}
    return automatic, {each.name for each in fields if each.is_relation}, lengths


def clear_fields(row: models.Model, errors: dict[str, str], line: int) -> dict[str, Remark]:
    """Empties the fields that have errors. Returns a remark on each by field name, so that no value is lost."""
    remarks = {}
    for name, reason in errors.items():
        value = str(getattr(row, name))
        text = "\n".join(blocks(value)) if name == "answer" else value
        remarks[name] = dropped(line, label(row, name), text, reason)
        setattr(row, name, "")
    return remarks


def dropped(line: int, what: str, value: str, reason: str) -> Remark:
    """Returns a remark on a value that is left out. It holds the whole value where the line shortens it."""
    where = f"line {line}: " if line else ""
    quoted = abbreviated(value)
    return Remark(f"{where}{what} “{quoted}” left out: {reason}", value if quoted.endswith("…") else "")


def abbreviated(value: str) -> str:
    """Returns a value on one line, shortened where it is long."""
    line = ", ".join(value.splitlines())
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED].rstrip()} …"


def model_field(model: models.Model | type[models.Model], name: str) -> models.Field:
    """Returns a field of a model. Raises FieldDoesNotExist where the name is not that of a field of its own."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(name)
    return field


def label(model: models.Model | type[models.Model], name: str) -> str:
    """Returns the name of a field as editors see it."""
    return str(model_field(model, name).verbose_name)


def save_row(row: models.Model, line: int) -> None:
    """Saves a new row. Raises PageTextError where a rule about several rows or fields does not allow it."""
    try:
        row.full_clean(exclude=_fields_of(type(row))[0])
    except ValidationError as error:
        where = f"Line {line}: " if line else ""
        raise PageTextError(
            f"{where}“{row}” cannot be saved. {' '.join(error.messages)} Change it in the file."
        ) from error
    row.save()


def question_row(text: QuestionText) -> Question:
    """Returns the question as an unsaved row without its source, which may not exist yet."""
    return Question(
        topic=text.topic,
        question=text.question,
        answer=sanitize(text.answer),
        last_updated=text.last_updated,
        source_url=text.source_url,
        adapted=text.adapted,
    )
