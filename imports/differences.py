"""Compares a proposal with what was imported before and with what is on the site now, for the editor who decides."""

from dataclasses import dataclass

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from diseases.models import Question
from imports.models import Proposal
from imports.parts import canonical_value, row_models
from imports.proposals import content_now, row_of
from imports.validation import model_field
from publishing.comparison import Block, Segment, block_segments
from publishing.prose import blocks, link_targets


@dataclass(frozen=True)
class Side:
    """One of the compared texts, in blocks. The differences from the side before it are marked."""

    title: str
    remark: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ProposalDifference:
    """One field of a proposal, as each side has it."""

    label: str
    sides: list[Side]
    is_formatting: bool  # the words are the same


def differences(proposal: Proposal) -> list[ProposalDifference]:
    """Returns the fields in which the sides differ; if there is only one side, the fields that are not empty."""
    texts = {"old": proposal.old, "here": content_now(proposal), "new": proposal.new}
    contents = {side: content for side, content in texts.items() if content is not None}
    found = []
    model = row_models(proposal.model).get(proposal.sort)
    for name in dict.fromkeys(name for content in contents.values() for name in content):
        column = model_field(model or proposal.model, name if model else proposal.sort)
        lines = {side: _display_lines(column, content.get(name, "")) for side, content in contents.items()}
        values = [canonical_value(name, content.get(name, "")) for content in contents.values()]
        if any(value != values[0] for value in values) or (len(values) == 1 and values[0]):
            has_same_words = all(each == next(iter(lines.values())) for each in lines.values())
            found.append(
                ProposalDifference(
                    label=capfirst(str(column.verbose_name)),
                    sides=_sides(lines),
                    is_formatting=has_same_words and len(values) > 1,
                )
            )
    return found


def _sides(lines: dict[str, list[str]]) -> list[Side]:
    sides = []
    before: list[str] | None = None
    for side, title, remark in [
        ("old", _("Imported before"), ""),
        ("here", _("On this site now"), _("The marks show what was changed here since the import.")),
        ("new", _("In the data set now"), _("The marks show what changes if you accept.")),
    ]:
        if side in lines:
            same = tuple((Segment("same", line),) for line in lines[side])
            side_blocks = same if before is None else block_segments(before, lines[side])
            has_marks = any(segment.tag != "same" for block in side_blocks for segment in block)
            sides.append(Side(title, remark if has_marks else "", side_blocks))
            before = lines[side]
    return sides


def _display_lines(column: models.Field, value: str) -> list[str]:
    """Returns a value line by line, as a page shows it. The addresses of an answer's links follow the answer."""
    if column.name == "answer":
        links = dict.fromkeys(link_targets(value))
        return [*blocks(value), *(_("Link to %(address)s") % {"address": link} for link in links)]
    if isinstance(column, models.ForeignKey):
        value = str(column.related_model._base_manager.filter(pk=value).first() or "") if value else ""
    elif isinstance(column, models.BooleanField):
        value = str(_("yes") if value == "True" else _("no"))
    elif column.choices:
        value = str(dict(column.flatchoices).get(value, value))
    return [" ".join(line.split()) for line in value.splitlines() if line.strip()]


def same_topic(proposal: Proposal) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the page's other questions on the topic of a proposed question, with the words of their answers."""
    topic = (proposal.new or {}).get("topic")
    if proposal.sort != "question" or proposal.action != Proposal.Action.ADD or topic is None:
        return []
    rows = Question.objects.filter(disease=proposal.subject_id, topic=topic).exclude(answer="")
    return [(row.question, blocks(row.answer)) for row in rows]


def lost_dates(proposal: Proposal) -> bool:
    """Tells whether accepting removes dates or a reviewer from an answer, since they were given for the old text."""
    row = row_of(proposal) if proposal.sort == "question" and proposal.new else None
    return isinstance(row, Question) and bool(row.last_updated or row.reviewed_on or row.review_due or row.adapted)
