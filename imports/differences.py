"""What a proposal says beside what was imported before and what is here now, for the editor who decides."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from diseases.codes import address
from diseases.models import Disease, Question
from imports.models import Proposal
from imports.parts import FIELD_KINDS, ROW_KINDS, Content
from imports.proposals import content_now, row_of
from publishing.comparison import Block, Run, block_runs
from publishing.prose import blocks, shape


@dataclass(frozen=True)
class Side:
    """One of the texts, each block in runs of words, marked where it differs from the side before it."""

    title: str
    remark: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ProposalDifference:
    label: str
    sides: list[Side]
    is_formatting: bool  # not a word differs


def differences(proposal: Proposal) -> list[ProposalDifference]:
    """Each field in which the sides differ; where there is only one side, each that says something."""
    texts = {"old": proposal.old, "here": content_now(proposal), "new": proposal.new}
    there = {side: content for side, content in texts.items() if content is not None}
    found = []
    for name in ("text",) if proposal.sort in FIELD_KINDS else ROW_KINDS[proposal.sort][2]:
        lines = {side: _display_lines(proposal.sort, name, content.get(name, "")) for side, content in there.items()}
        forms = [_canonical_form(name, content.get(name, "")) for content in there.values()]
        if any(form != forms[0] for form in forms) or (len(forms) == 1 and forms[0]):
            same = all(each == next(iter(lines.values())) for each in lines.values())
            found.append(
                ProposalDifference(
                    _difference_label(proposal.sort, name), _sides(lines), is_formatting=same and len(forms) > 1
                )
            )
    return found


def _sides(lines: dict[str, list[str]]) -> list[Side]:
    sides = []
    before: list[str] | None = None
    for side, title, remark in [
        ("old", _("Imported before"), ""),
        ("here", _("Here now"), _("Marked is what was changed here since.")),
        ("new", _("In the dataset now"), _("Marked is what accepting changes here.")),
    ]:
        if side in lines:
            runs = _unmarked(lines[side]) if before is None else block_runs(before, lines[side])
            marked = any(run.sort != "same" for block in runs for run in block)
            sides.append(Side(title, remark if marked else "", runs))
            before = lines[side]
    return sides


def _unmarked(lines: list[str]) -> tuple[Block, ...]:
    return tuple((Run("same", line),) for line in lines)


def _difference_label(sort: str, name: str) -> str:
    model: Any = Disease if sort in FIELD_KINDS else ROW_KINDS[sort][0]
    return capfirst(str(model._meta.get_field(sort if sort in FIELD_KINDS else name).verbose_name))


def _display_lines(sort: str, name: str, value: str) -> list[str]:
    """A value in the words of a page, line by line; under an answer, where its links lead."""
    if name == "answer":
        return [*blocks(value), *(_("Link to %(address)s") % {"address": link} for link in _link_addresses(value))]
    if sort not in FIELD_KINDS:
        choices: Any = dict(ROW_KINDS[sort][0]._meta.get_field(name).flatchoices)
        value = str(choices.get(value, value))
    return [" ".join(line.split()) for line in value.splitlines() if line.strip()]


def _link_addresses(html: str) -> list[str]:
    marks = (marks for _tag, _words, runs in shape(html) for marks, _word in runs)
    return list(dict.fromkeys(link for each in marks for link in re.findall(r"(?:^| )a (\S+)", each)))


def _canonical_form(name: str, value: str) -> Any:
    return shape(value) if name == "answer" else value.strip()


def same_topic(proposal: Proposal) -> list[tuple[str, list[str]]]:
    """The page's other answers on the topic of a proposed question, in words."""
    topic = (proposal.new or {}).get("topic")
    if proposal.sort != "question" or proposal.action != Proposal.Action.ADD or topic is None:
        return []
    rows = Question.objects.filter(disease=proposal.disease_id, topic=topic).exclude(answer="")
    return [(row.question, blocks(row.answer)) for row in rows]


def lost_dates(proposal: Proposal) -> bool:
    """Whether accepting takes dates or a reviewer away: they stood for other words."""
    row = row_of(proposal) if proposal.sort == "question" and proposal.new else None
    return row is not None and bool(row.last_updated or row.reviewed_on or row.review_due or row.adapted)


def look_up_url(content: Content | None) -> str:
    """Where a proposed code can be looked up, or ""."""
    return address(content.get("scheme", ""), content.get("value", "")) if content else ""
