"""What editors decide about the proposals of imports. Accepting changes the working copy; nothing goes live by it.

Each disease is decided in a transaction of its own and kept as one edition. One refused proposal stops no other.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from diseases.models import Disease, Source, fold_name
from imports.models import Proposal, Provenance
from imports.parts import FIELD_KINDS, ROW_KINDS, Content, content_here, content_of, digest_of, row_key
from imports.provenance import provenance_of
from imports.rows import add_rows, assign, new_row
from imports.sources import source_of
from imports.validation import field_errors
from publishing.prose import sanitize
from publishing.values import LINE_LENGTH
from publishing.verbs import PageRefused, PublishingError, lock, may, save_edition

ProposalErrors = list[tuple[Proposal, str]]
Sources = dict[str, Source | None]


class ProposalRefused(PublishingError):
    """A proposal cannot be accepted; the message tells an editor why and what to do."""


def accept_proposals(proposals: Iterable[Proposal], by: Any, seen: str = "") -> ProposalErrors:
    """Puts into the working copies what is proposed; returns what could not be, each with the reason.

    What was decided meanwhile is left alone. `seen`: what `seen_of` said of the proposal that an editor looked at.
    """
    groups = _proposals_by_disease(proposals, by)
    datasets = {proposal.dataset for chosen in groups for proposal in chosen}
    sources: Sources = {dataset: source_of(dataset) for dataset in datasets}
    return [refusal for chosen in groups for refusal in _accept(chosen, by, seen, sources)]


def decline_proposals(proposals: Iterable[Proposal], by: Any, seen: str = "") -> ProposalErrors:
    """Leaves everything as it is, and keeps away for good what is proposed: this text, not another one."""
    return [refusal for chosen in _proposals_by_disease(proposals, by) for refusal in _decline(chosen, by, seen)]


def seen_of(proposal: Proposal) -> str:
    """Short for what an editor sees who looks at a proposal: what is proposed, and what is here now."""
    return digest_of([proposal.digest, content_now(proposal)])[:20]


def content_now(proposal: Proposal) -> Content | None:
    """What is here now of what a proposal is about, in the shape of a piece; None where there is nothing."""
    if proposal.sort in FIELD_KINDS:
        return content_here(proposal.disease, proposal.sort)
    row = row_of(proposal)
    return content_of(row, proposal.sort) if row else None


def row_of(proposal: Proposal) -> Any:
    """The row that a proposal is about, as it is now; None where there is none yet, or no longer."""
    rows = ROW_KINDS[proposal.sort][0].objects.filter(disease=proposal.disease_id)
    if proposal.action == Proposal.Action.ADD:
        return rows.filter(key=row_key(proposal.dataset, proposal.record, proposal.part)).first()
    target = _note_of(proposal).values_list("target", flat=True).first()
    return rows.filter(key=target).first() if target else None


def _note_of(proposal: Proposal) -> Any:
    return Provenance.objects.filter(dataset=proposal.dataset, record=proposal.record, part=proposal.part)


def _proposals_by_disease(proposals: Iterable[Proposal], by: Any) -> list[list[Proposal]]:
    if not may(by, "change", Disease):
        raise PermissionDenied
    chosen = sorted(proposals, key=lambda proposal: (proposal.disease_id, proposal.pk))
    return [list(group) for _disease, group in groupby(chosen, key=lambda proposal: proposal.disease_id)]


def _waiting(chosen: list[Proposal]) -> tuple[Disease, list[Proposal]]:
    """The disease and those of its proposals that are still to be decided, held until the transaction ends.

    The disease first, as an import does, which may be writing this very proposal anew.
    """
    disease: Any = lock(Disease, chosen[0].disease_id)
    rows = Proposal.objects.select_for_update().pending().filter(pk__in=[proposal.pk for proposal in chosen])
    waiting = list(rows.order_by("pk"))
    for proposal in waiting:
        proposal.disease = disease
    return disease, waiting


def _decided(proposals: list[Proposal], state: Proposal.State, by: Any) -> None:
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in proposals]).update(
        state=state, decided_at=timezone.now(), decided_by=by, decided_by_name=by.get_full_name() or by.get_username()
    )


def _ensure_seen(proposal: Proposal, seen: str) -> None:
    if seen and seen != seen_of(proposal):
        raise ProposalRefused(_("Something was changed since you looked. This is how it is now: look again."))


@transaction.atomic
def _decline(chosen: list[Proposal], by: Any, seen: str) -> ProposalErrors:
    refusals: ProposalErrors = []
    _disease, waiting = _waiting(chosen)
    for proposal in waiting:
        try:
            _ensure_seen(proposal, seen)
        except ProposalRefused as error:
            refusals.append((proposal, str(error)))
    refused = {proposal.pk for proposal, _reason in refusals}
    _decided([proposal for proposal in waiting if proposal.pk not in refused], Proposal.State.DECLINED, by)
    return refusals


def _accept(chosen: list[Proposal], by: Any, seen: str, sources: Sources) -> ProposalErrors:
    try:
        return _accept_together(chosen, by, seen, sources)
    except PageRefused as error:
        if len(chosen) == 1:
            return [(chosen[0], str(error))]
    # Which of them the page cannot hold shows only one by one.
    return [refusal for proposal in chosen for refusal in _accept([proposal], by, seen, sources)]


@transaction.atomic
def _accept_together(chosen: list[Proposal], by: Any, seen: str, sources: Sources) -> ProposalErrors:
    refusals: ProposalErrors = []
    accepted: list[Proposal] = []
    disease, waiting = _waiting(chosen)
    for proposal in waiting:
        try:
            with transaction.atomic():
                _ensure_seen(proposal, seen)
                _apply(proposal, disease, sources[proposal.dataset])
        except (ProposalRefused, ValidationError, IntegrityError, DataError) as error:
            refusals.append((proposal, _proposal_error_text(error)))
            disease.refresh_from_db()
        else:
            accepted.append(proposal)
    if accepted:
        _decided(accepted, Proposal.State.ACCEPTED, by)
        author = by.get_full_name() or by.get_username()
        Disease._base_manager.filter(pk=disease.pk).update(saved_by=author)
        save_edition(disease, by, note=_accepted_note(accepted, sources))
    return refusals


def _proposal_error_text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, ProposalRefused):
        return str(error)
    return _("The database refuses it: it does not fit, or something else has what only one may have.")


def _accepted_note(accepted: list[Proposal], sources: Sources) -> str:
    """What the edition's note says: from where, and what."""
    parts = []
    for dataset in dict.fromkeys(proposal.dataset for proposal in accepted):
        titles = [Truncator(proposal.title).chars(80) for proposal in accepted if proposal.dataset == dataset]
        said = {"source": sources[dataset], "titles": ", ".join(titles)}
        parts.append(_("Accepted from %(source)s: %(titles)s") % said)
    return Truncator("; ".join(parts)).chars(LINE_LENGTH)


def _apply(proposal: Proposal, disease: Disease, source: Any) -> None:
    if disease.trashed_at:
        raise ProposalRefused(_("“%(name)s” is in the trash. Restore it first.") % {"name": disease})
    target = None
    if proposal.sort in FIELD_KINDS:
        _set_field(proposal, disease, source)
    elif proposal.action == Proposal.Action.REMOVE:
        _existing(proposal).delete()
        return  # what is remembered of the row becomes its tombstone
    else:
        target = _set_row(proposal, disease, source).key
    of_part = {"dataset": proposal.dataset, "record": proposal.record, "part": proposal.part}
    note = provenance_of(disease, content=proposal.new or {}, target=target, **of_part)
    note.pk = _note_of(proposal).values_list("pk", flat=True).first()
    note.save()


def _set_field(proposal: Proposal, disease: Disease, source: Source) -> None:
    text = (proposal.new or {})["text"]
    if proposal.sort == "summary":
        disease.summary, disease.summary_source = text, source
    else:
        others = Disease.objects.exclude(pk=disease.pk).filter(folded_name=fold_name(text))
        if other := others.first():
            said = _("“%(name)s” is the name of another disease; it is in the trash.") if other.trashed_at else ""
            raise ProposalRefused((said or _("“%(name)s” is the name of another disease.")) % {"name": other})
        disease.name = text
    _ensure_valid_row(disease)
    disease.save()


def _set_row(proposal: Proposal, disease: Disease, source: Source) -> Any:
    content = dict(proposal.new or {})
    if "answer" in content:
        content["answer"] = sanitize(content["answer"])
    if proposal.action == Proposal.Action.CHANGE:
        row, is_new = _existing(proposal), False
        assign(row, content, source)
    elif row := row_of(proposal):
        is_new = False
        assign(row, content, source)
    else:
        row = new_row(disease, proposal.dataset, proposal.record, proposal.part, content, source)
        is_new = True
    row.disease = disease
    row.clean()
    _ensure_valid_row(row)
    ensure_not_duplicate(row)
    if is_new:
        add_rows(disease, {proposal.sort: [row]})
    else:
        row.save()
    return row


def _existing(proposal: Proposal) -> Any:
    row = row_of(proposal)
    if row is None:
        raise ProposalRefused(_("“%(title)s” was deleted meanwhile.") % {"title": proposal.title})
    return row


def _ensure_valid_row(row: Any) -> None:
    if refused := field_errors(row):
        names = {name: row._meta.get_field(name).verbose_name for name in refused}
        raise ProposalRefused(" ".join(f"{names[name]}: {reason}" for name, reason in refused.items()))


def ensure_not_duplicate(row: Any) -> None:
    """Raises ProposalRefused where another row of the disease says the same already."""
    others = type(row).objects.filter(disease=row.disease_id).exclude(key=row.key)
    if row.UNIQUE and _identity(row) in map(_identity, others):
        raise ProposalRefused(_("“%(row)s” stands there already, and would stand there twice.") % {"row": row})


def _identity(row: Any) -> tuple[str, ...]:
    """What may stand only once, as the forms compare it."""
    values = (getattr(row, row._meta.get_field(name).attname) for name in row.UNIQUE)
    return tuple(" ".join(str(value).casefold().split()) for value in values)
