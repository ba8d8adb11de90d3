"""Accepts and declines the proposals of imports. Accepting changes the draft; it publishes nothing.

The proposals for one disease are decided in one transaction and saved as one edition. A proposal that cannot be
accepted does not stop the others.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AnyUser, User
from diseases.models import Disease, Source
from diseases.rows import add_rows, ensure_not_duplicate
from editorial.jobs import JobTask, Work, register_work
from editorial.models import JobItem
from editorial.seen import stale_message, token_of
from imports.models import Dataset, Proposal, Provenance
from imports.parts import (
    Content,
    assign,
    digest_of,
    field_content,
    new_row,
    row_content,
    row_key,
    row_models,
    set_content,
)
from imports.sources import source_of
from imports.validation import field_errors, label
from publishing.models import ChildRow, Edition, Publishable
from publishing.prose import sanitize
from publishing.values import LINE_LENGTH
from publishing.verbs import PageRefused, PublishingError, author_name, lock, may, save_edition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ProposalErrors = list[tuple[Proposal, str]]
"""Proposals that could not be decided, each with the reason."""

Sources = dict[str, Source | None]


class ProposalRefused(PublishingError):
    """A proposal cannot be accepted; the message tells an editor why and what to do."""


def accept_proposals(proposals: Iterable[Proposal], by: AnyUser, seen: str = "") -> ProposalErrors:
    """Writes what is proposed into the drafts. Returns the proposals that could not be accepted.

    Proposals that were decided in the meantime are left alone. `seen` is what `seen_of` returned when the editor
    looked at the proposal.
    """
    return _decide(proposals, by, seen, Proposal.State.ACCEPTED)


def decline_proposals(proposals: Iterable[Proposal], by: AnyUser, seen: str = "") -> ProposalErrors:
    """Changes nothing, and makes sure that the same text is not proposed again. Returns what could not be declined."""
    return _decide(proposals, by, seen, Proposal.State.DECLINED)


def items_of_proposals(proposals: QuerySet[Proposal], work: Work) -> list[JobItem]:
    """Returns the items of a job, one for each subject, with what the person sees of its proposals.

    What is accepted replaces words of the draft, so the job leaves subjects alone whose draft changes meanwhile.
    """
    columns = list(proposals.order_by("kind", "subject_id").values_list("kind", "subject_id", "pk", "digest"))
    editions = Edition.objects.newest().filter(kind__in={kind for kind, *_others in columns})
    numbers = {(kind, pk): number for kind, pk, number in editions.values_list("kind", "subject_id", "number")}
    return [
        JobItem(
            kind=subject[0],
            subject_id=subject[1],
            edition=numbers.get(subject, 0) if work == ACCEPT_PROPOSALS else None,
            rows={str(pk): digest for _kind, _subject_id, pk, digest in rows},
        )
        for subject, rows in groupby(columns, key=itemgetter(0, 1))
    ]


def _decision(name: str, label: "StrOrPromise", state: Proposal.State) -> Work:
    """Registers the decision about proposals of many subjects. Those that an import replaced meanwhile are left."""

    def step(task: JobTask) -> str:
        pending = Proposal.objects.pending().about(task.subject).filter(pk__in=task.rows)
        same = [proposal for proposal in pending if proposal.digest == task.rows[str(proposal.pk)]]
        errors = [(proposal, _("was changed in the meantime")) for proposal in pending if proposal not in same]
        errors += _decide(same, task.by, "", state, task.origin)
        task.refusals.extend(f"{proposal.title}: {reason}" for proposal, reason in errors)
        return ""

    return register_work(Work(name, label, "change", step))


ACCEPT_PROPOSALS = _decision("accept proposals", gettext_lazy("Accept proposals"), Proposal.State.ACCEPTED)
DECLINE_PROPOSALS = _decision("decline proposals", gettext_lazy("Decline proposals"), Proposal.State.DECLINED)


def seen_of(proposal: Proposal) -> str:
    """Returns the token of what an editor sees: what is proposed, and what is on the site now."""
    return token_of(proposal.digest, content_now(proposal))


def content_now(proposal: Proposal) -> Content | None:
    """Returns what the site says now about the subject of a proposal; None where it says nothing."""
    if not _is_row(proposal):
        return field_content(proposal.subject, proposal.sort)
    row = row_of(proposal)
    return row_content(row, proposal.new or proposal.old or {}) if row else None


def _is_row(proposal: Proposal) -> bool:
    return proposal.sort in row_models(proposal.model)


def row_of(proposal: Proposal) -> ChildRow | None:
    """Returns the row that a proposal is about; None where there is none yet, or it was deleted."""
    model = row_models(proposal.model)[proposal.sort]
    rows = model._default_manager.filter(**{model.SUBJECT: proposal.subject_id})
    if proposal.action == Proposal.Action.ADD:
        return rows.filter(key=row_key(proposal.dataset, proposal.record, proposal.part)).first()
    said = Provenance.objects.filter(dataset=proposal.dataset, record=proposal.record, part=proposal.part)
    target = said.values_list("target", flat=True).first()
    return rows.filter(key=target).first() if target else None


def _decide(
    proposals: Iterable[Proposal], by: AnyUser, seen: str, state: Proposal.State, origin: str = ""
) -> ProposalErrors:
    """Decides proposals, those for one subject together. Raises PermissionDenied where the user may not change one."""
    chosen = sorted(proposals, key=lambda proposal: (*_subject_of(proposal), proposal.pk))
    if not isinstance(by, User) or not all(may(by, "change", model) for model in {each.model for each in chosen}):
        raise PermissionDenied
    accepts = state == Proposal.State.ACCEPTED
    sources = {dataset: source_of(dataset) for dataset in {each.dataset for each in chosen}} if accepts else {}
    groups = [list(group) for _subject, group in groupby(chosen, key=_subject_of)]
    return [error for group in groups for error in _decide_or_each_alone(group, by, seen, state, sources, origin)]


def _subject_of(proposal: Proposal) -> tuple[str, int]:
    return proposal.kind, proposal.subject_id


def _decide_or_each_alone(
    chosen: list[Proposal], by: User, seen: str, state: Proposal.State, sources: Sources, origin: str
) -> ProposalErrors:
    try:
        return _decide_together(chosen, by, seen, state, sources, origin)
    except PageRefused as error:
        if len(chosen) == 1:
            return [(chosen[0], str(error))]
    # The error does not tell which proposal does not fit on the page, so each is tried alone.
    return [error for each in chosen for error in _decide_or_each_alone([each], by, seen, state, sources, origin)]


@transaction.atomic
def _decide_together(
    chosen: list[Proposal], by: User, seen: str, state: Proposal.State, sources: Sources, origin: str
) -> ProposalErrors:
    """Decides the proposals for one subject that are still pending.

    The subject is locked first, as in an import, which may be writing the same proposals.
    """
    errors: ProposalErrors = []
    decided: list[Proposal] = []
    subject = lock(chosen[0].model, chosen[0].subject_id)
    rows = Proposal.objects.select_for_update().pending().filter(pk__in=[proposal.pk for proposal in chosen])
    for proposal in rows.order_by("pk"):
        proposal.subject = subject
        try:
            with transaction.atomic():
                if seen and seen != seen_of(proposal):
                    raise ProposalRefused(stale_message())
                if state == Proposal.State.ACCEPTED:
                    _apply(proposal, subject, sources[proposal.dataset])
        except (ProposalRefused, ValidationError, IntegrityError, DataError) as error:
            errors.append((proposal, _proposal_error_text(error)))
            subject.refresh_from_db()
        else:
            decided.append(proposal)
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in decided]).update(
        state=state, decided_at=timezone.now(), decided_by=by, decided_by_name=author_name(by)
    )
    if decided and state == Proposal.State.ACCEPTED:
        save_edition(subject, by, _edition_note(decided, sources), origin)
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
        source = sources[dataset] or Dataset(dataset).label
        names = {"source": source, "titles": ", ".join(titles)}
        sentences.append(_("Accepted from %(source)s: %(titles)s") % names)
    return Truncator("; ".join(sentences)).chars(LINE_LENGTH)


def _apply(proposal: Proposal, subject: Publishable, source: Source | None) -> None:
    """Writes a proposal into the draft, and records what the data set said. Raises ProposalRefused."""
    if subject.trashed_at:
        raise ProposalRefused(_("“%(name)s” is in the trash. Restore it first.") % {"name": subject})
    target = None
    if not _is_row(proposal):
        _set_field(proposal, subject, source)
    elif proposal.action == Proposal.Action.REMOVE:
        _existing_row(proposal).delete()
        return  # its provenance stays, so that no import brings the row back
    else:
        target = _set_row(proposal, subject, source).key
    content = proposal.new or {}
    said = {"kind": subject.KIND, "subject_id": subject.pk, "content": content, "digest": digest_of(content)}
    Provenance.objects.update_or_create(
        dataset=proposal.dataset,
        record=proposal.record,
        part=proposal.part,
        defaults=said | {"target": target, "is_created": True},
    )


def _set_field(proposal: Proposal, subject: Publishable, source: Source | None) -> None:
    set_content(subject, {proposal.sort: (proposal.new or {})["text"]})
    if isinstance(subject, Disease) and proposal.sort == "summary":
        subject.summary_source = source
    _ensure_valid_row(subject)
    subject.clean()
    subject.save()


def _set_row(proposal: Proposal, subject: Publishable, source: Source | None) -> ChildRow:
    content = dict(proposal.new or {})
    if "answer" in content:
        content["answer"] = sanitize(content["answer"])
    existing = _existing_row(proposal) if proposal.action == Proposal.Action.CHANGE else row_of(proposal)
    if existing:
        row = existing
        assign(row, content, source)
    else:
        row = new_row(subject, proposal.dataset, proposal.record, proposal.part, content, source)
    setattr(row, row.SUBJECT, subject)
    row.clean()
    _ensure_valid_row(row)
    ensure_not_duplicate(row)
    if existing:
        row.save()
    else:
        add_rows(subject, [row])
    return row


def _existing_row(proposal: Proposal) -> ChildRow:
    row = row_of(proposal)
    if row is None:
        raise ProposalRefused(_("“%(title)s” was deleted in the meantime.") % {"title": proposal.title})
    return row


def _ensure_valid_row(row: Model) -> None:
    if errors := field_errors(row):
        raise ProposalRefused(" ".join(f"{label(row, name)}: {reason}" for name, reason in errors.items()))
