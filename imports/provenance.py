"""What one dataset has said of a disease so far: which row came of it, what is proposed, and what was declined."""

from typing import Any

from diseases.models import Disease
from imports.models import Proposal, Provenance
from imports.parts import Content, digest_of
from imports.report import ImportReport


class ProvenanceLog:
    """Of one record. What is new is written together, by `write`."""

    def __init__(self, dataset: str, record: str, disease: Disease, outcome: ImportReport, is_new: bool) -> None:
        self.disease, self.outcome = disease, outcome
        self.of_record = {"dataset": dataset, "record": record}
        notes = [] if is_new else list(Provenance.objects.filter(**self.of_record))
        proposals = [] if is_new else list(Proposal.objects.filter(**self.of_record, disease=disease))
        self.notes = {note.part: note for note in notes}
        self.proposed: set[str] = set()
        self.pending = {each.part: each for each in proposals if each.state == Proposal.State.PENDING}
        self.declined = {(each.part, each.digest) for each in proposals if each.state == Proposal.State.DECLINED}

    def record(self, key: str, content: Content, digest: str = "", **fields: Any) -> None:
        """Notes what the dataset said. `fields`: the row's key as `target`, whether the import `made` it."""
        note = provenance_of(self.disease, part=key, content=content, **self.of_record, **fields)
        note.digest = digest or note.digest
        known = self.notes.get(key)
        if known and known.pk:
            note.pk = known.pk
            note.save()
        self.notes[key] = note

    def forget(self, key: str) -> None:
        self.notes.pop(key).delete()

    def has_declined(self, key: str, action: Any, new: Content | None) -> bool:
        return (key, _proposal_digest(action, new)) in self.declined

    def propose(self, key: str, action: Any, old: Content | None, new: Content | None, reason: str) -> None:
        digest = _proposal_digest(action, new)
        said = f"{self.disease} ({self.of_record['record']}): {action} {key}"
        if (key, digest) in self.declined:
            self.outcome.add("suppressed", said)
            return
        self.proposed.add(key)
        pending = self.pending.get(key)
        if pending and pending.digest == digest:
            return
        proposal = pending or Proposal(**self.of_record, part=key, disease=self.disease)
        proposal.action, proposal.old, proposal.new = action, old, new
        proposal.reason, proposal.digest = reason, digest
        if proposal.pk:
            proposal.save()
        self.pending[key] = proposal
        self.outcome.add("proposed", said)

    def withdraw_stale_proposals(self) -> None:
        """What waits and would not be proposed now: the dataset takes it back, or an editor did it or undid it."""
        stale = [proposal.pk for key, proposal in self.pending.items() if key not in self.proposed]
        if stale:
            Proposal.objects.filter(pk__in=stale).delete()

    def write(self) -> None:
        write_provenance([self])


def provenance_of(disease: Disease, *, content: Content, **fields: Any) -> Provenance:
    """An unsaved note of what a dataset said. `fields`: where it said it, the row's key, whether the import made it."""
    return Provenance(disease=disease, content=content, digest=digest_of(content), **fields)


def write_provenance(memories: list[ProvenanceLog]) -> None:
    """Saves what is new in them."""
    Provenance.objects.bulk_create(note for each in memories for note in each.notes.values() if note.pk is None)
    Proposal.objects.bulk_create(new for each in memories for new in each.pending.values() if new.pk is None)


def _proposal_digest(action: Any, new: Content | None) -> str:
    """What is declined: this text, and no other."""
    return digest_of([str(action), new])
