"""Accepts and declines the proposals of imports. Accepting changes the draft; it publishes nothing.

The proposals for one disease are decided in one transaction and saved as one edition. A proposal that cannot be
accepted does not stop the others.
"""

from collections.abc import Iterable
from itertools import groupby

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.models import AnyUser, User
from diseases.models import Disease, Source, fold_name
from editorial.seen import stale_message, token_of
from imports.models import Proposal, Provenance
from imports.parts import (
    FIELD_KINDS,
    ROW_KINDS,
    Content,
    ImportedRow,
    field_content,
    row_content,
    row_key,
)
from imports.provenance import new_provenance
from imports.record_merge import lock_disease
from imports.rows import add_rows, assign, new_row
from imports.sources import source_of
from imports.validation import field_errors, label, model_field
from publishing.prose import sanitize
from publishing.values import LINE_LENGTH
from publishing.verbs import PageRefused, PublishingError, author_name, may, save_edition

ProposalErrors = list[tuple[Proposal, str]]
"""Proposals that could not be decided, each with the reason."""

Sources = dict[str, Source]


class ProposalRefused(PublishingError):
    """A proposal cannot be accepted; the message tells an editor why and what to do."""


def accept_proposals(proposals: Iterable[Proposal], by: AnyUser, seen: str = "") -> ProposalErrors:
    """Writes what is proposed into the drafts. Returns the proposals that could not be accepted.

    Proposals that were decided in the meantime are left alone. `seen` is what `seen_of` returned when the editor
    looked at the proposal.
    """
    user = _require_editor(by)
    groups = _proposals_by_disease(proposals)
    datasets = {proposal.dataset for chosen in groups for proposal in chosen}
    sources = {dataset: source_of(dataset) for dataset in datasets}
    return [error for chosen in groups for error in _accept(chosen, user, seen, sources)]


def decline_proposals(proposals: Iterable[Proposal], by: AnyUser, seen: str = "") -> ProposalErrors:
    """Changes nothing, and makes sure that the same text is not proposed again. Returns what could not be declined."""
    user = _require_editor(by)
    return [error for chosen in _proposals_by_disease(proposals) for error in _decline(chosen, user, seen)]


def seen_of(proposal: Proposal) -> str:
    """Returns the token of what an editor sees: what is proposed, and what is on the site now."""
    return token_of(proposal.digest, content_now(proposal))


def content_now(proposal: Proposal) -> Content | None:
    """Returns what the site says now about the subject of a proposal; None where it says nothing."""
    if proposal.kind in FIELD_KINDS:
        return field_content(proposal.disease, proposal.kind)
    row = row_of(proposal)
    return row_content(row, proposal.kind) if row else None


def row_of(proposal: Proposal) -> ImportedRow | None:
    """Returns the row that a proposal is about; None where there is none yet, or it was deleted."""
    rows = ROW_KINDS[proposal.kind].model.objects.filter(disease=proposal.disease_id)
    if proposal.action == Proposal.Action.ADD:
        return rows.filter(key=row_key(proposal.dataset, proposal.record, proposal.part)).first()
    target = _provenance_of(proposal).values_list("target", flat=True).first()
    return rows.filter(key=target).first() if target else None


def _provenance_of(proposal: Proposal) -> QuerySet[Provenance]:
    return Provenance.objects.filter(dataset=proposal.dataset, record=proposal.record, part=proposal.part)


def _require_editor(by: AnyUser) -> User:
    """Returns the user. Raises PermissionDenied where the user may not change diseases."""
    if not isinstance(by, User) or not may(by, "change", Disease):
        raise PermissionDenied
    return by


def _proposals_by_disease(proposals: Iterable[Proposal]) -> list[list[Proposal]]:
    chosen = sorted(proposals, key=lambda proposal: (proposal.disease_id, proposal.pk))
    return [list(group) for _disease, group in groupby(chosen, key=lambda proposal: proposal.disease_id)]


def _lock_pending(chosen: list[Proposal]) -> tuple[Disease, list[Proposal]]:
    """Locks the disease and returns it with its proposals that are still pending.

    The disease is locked first, as in an import, which may be writing the same proposals.
    """
    disease = lock_disease(chosen[0].disease_id)
    rows = Proposal.objects.select_for_update().pending().filter(pk__in=[proposal.pk for proposal in chosen])
    pending = list(rows.order_by("pk"))
    for proposal in pending:
        proposal.disease = disease
    return disease, pending


def _save_decision(proposals: list[Proposal], state: Proposal.State, by: User) -> None:
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in proposals]).update(
        state=state, decided_at=timezone.now(), decided_by=by, decided_by_name=author_name(by)
    )


def _ensure_seen(proposal: Proposal, seen: str) -> None:
    if seen and seen != seen_of(proposal):
        raise ProposalRefused(stale_message())


@transaction.atomic
def _decline(chosen: list[Proposal], by: User, seen: str) -> ProposalErrors:
    errors: ProposalErrors = []
    _disease, pending = _lock_pending(chosen)
    for proposal in pending:
        try:
            _ensure_seen(proposal, seen)
        except ProposalRefused as error:
            errors.append((proposal, str(error)))
    refused = {proposal.pk for proposal, _reason in errors}
    _save_decision([proposal for proposal in pending if proposal.pk not in refused], Proposal.State.DECLINED, by)
    return errors


def _accept(chosen: list[Proposal], by: User, seen: str, sources: Sources) -> ProposalErrors:
    try:
        return _accept_together(chosen, by, seen, sources)
    except PageRefused as error:
        if len(chosen) == 1:
            return [(chosen[0], str(error))]
    # The error does not tell which proposal does not fit on the page, so each is tried alone.
    return [error for proposal in chosen for error in _accept([proposal], by, seen, sources)]


@transaction.atomic
def _accept_together(chosen: list[Proposal], by: User, seen: str, sources: Sources) -> ProposalErrors:
    errors: ProposalErrors = []
    accepted: list[Proposal] = []
    disease, pending = _lock_pending(chosen)
    for proposal in pending:
        try:
            with transaction.atomic():
                _ensure_seen(proposal, seen)
                _apply(proposal, disease, sources[proposal.dataset])
        except (ProposalRefused, ValidationError, IntegrityError, DataError) as error:
            errors.append((proposal, _proposal_error_text(error)))
            disease.refresh_from_db()
        else:
            accepted.append(proposal)
    if accepted:
        _save_decision(accepted, Proposal.State.ACCEPTED, by)
        save_edition(disease, by, note=_edition_note(accepted, sources))
    return errors


def _proposal_error_text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, ProposalRefused):
        return str(error)
    return _("It cannot be saved: it is too long, or another page already has what only one page may have.")


def _edition_note(accepted: list[Proposal], sources: Sources) -> str:
    """Returns the note of the edition: from which sources, and what."""
    sentences = []
    for dataset in dict.fromkeys(proposal.dataset for proposal in accepted):
        titles = [Truncator(proposal.title).chars(80) for proposal in accepted if proposal.dataset == dataset]
        names = {"source": sources[dataset], "titles": ", ".join(titles)}
        sentences.append(_("Accepted from %(source)s: %(titles)s") % names)
    return Truncator("; ".join(sentences)).chars(LINE_LENGTH)


def _apply(proposal: Proposal, disease: Disease, source: Source) -> None:
    """Writes a proposal into the draft, and records what the data set said. Raises ProposalRefused."""
    if disease.trashed_at:
        raise ProposalRefused(_("“%(name)s” is in the trash. Restore it first.") % {"name": disease})
    target = None
    if proposal.kind in FIELD_KINDS:
        _set_field(proposal, disease, source)
    elif proposal.action == Proposal.Action.REMOVE:
        _existing_row(proposal).delete()
        return  # its provenance stays, so that no import brings the row back
    else:
        target = _set_row(proposal, disease, source).key
    entry = new_provenance(disease, proposal.dataset, proposal.record, proposal.part, proposal.new or {}, target=target)
    entry.pk = _provenance_of(proposal).values_list("pk", flat=True).first()
    entry.save()


def _set_field(proposal: Proposal, disease: Disease, source: Source) -> None:
    text = (proposal.new or {})["text"]
    if proposal.kind == "summary":
        disease.summary, disease.summary_source = text, source
    else:
        others = Disease.objects.exclude(pk=disease.pk).filter(folded_name=fold_name(text))
        if other := others.first():
            message = _("“%(name)s” is the name of another disease.")
            if other.trashed_at:
                message = _("“%(name)s” is the name of another disease, which is in the trash.")
            raise ProposalRefused(message % {"name": other})
        disease.name = text
    _ensure_valid_row(disease)
    disease.save()


def _set_row(proposal: Proposal, disease: Disease, source: Source) -> ImportedRow:
    content = dict(proposal.new or {})
    if "answer" in content:
        content["answer"] = sanitize(content["answer"])
    existing = _existing_row(proposal) if proposal.action == Proposal.Action.CHANGE else row_of(proposal)
    if existing:
        row = existing
        assign(row, content, source)
    else:
        row = new_row(disease, proposal.dataset, proposal.record, proposal.part, content, source)
    row.disease = disease
    row.clean()
    _ensure_valid_row(row)
    ensure_not_duplicate(row)
    if existing:
        row.save()
    else:
        add_rows(disease, {proposal.kind: [row]})
    return row


def _existing_row(proposal: Proposal) -> ImportedRow:
    row = row_of(proposal)
    if row is None:
        raise ProposalRefused(_("“%(title)s” was deleted in the meantime.") % {"title": proposal.title})
    return row


def _ensure_valid_row(row: Model) -> None:
    if errors := field_errors(row):
        raise ProposalRefused(" ".join(f"{label(row, name)}: {reason}" for name, reason in errors.items()))


def ensure_not_duplicate(row: ImportedRow) -> None:
    """Raises ProposalRefused where another row of the disease already says the same."""
    others = type(row).objects.filter(disease=row.disease_id).exclude(key=row.key)
    if row.UNIQUE and _unique_values(row) in map(_unique_values, others):
        raise ProposalRefused(_("“%(row)s” is already there. It cannot be added twice.") % {"row": row})


def _unique_values(row: ImportedRow) -> tuple[str, ...]:
    """Returns the values that may be on a page only once, in the form in which the forms compare them."""
    values = (getattr(row, model_field(row, name).attname) for name in row.UNIQUE)
    return tuple(" ".join(str(value).casefold().split()) for value in values)
