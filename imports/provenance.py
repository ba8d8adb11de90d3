"""What one data set has said about a subject so far: which row holds each part, what is proposed, what was declined."""

import uuid

from imports.models import Proposal, Provenance
from imports.parts import Content, digest_of
from imports.records import SourceRecord
from imports.report import Heading, ImportReport
from publishing.models import ChildRow, Publishable


class ProvenanceLog:
    """The provenance and the proposals of one record. `write` saves what is new."""

    def __init__(
        self, dataset: str, record: SourceRecord, subject: Publishable, report: ImportReport, is_new: bool
    ) -> None:
        self.subject, self.report = subject, report
        self.dataset, self.record = dataset, record
        entries = [] if is_new else list(Provenance.objects.filter(dataset=dataset, record=record.key))
        proposals = [] if is_new else list(Proposal.objects.about(subject).filter(dataset=dataset, record=record.key))
        self.entries = {entry.part: entry for entry in entries}
        self.proposed: set[str] = set()
        self.pending = {each.part: each for each in proposals if each.state == Proposal.State.PENDING}
        self.declined = {(each.part, each.digest) for each in proposals if each.state == Proposal.State.DECLINED}

    def record_part(
        self, key: str, content: Content, digest: str = "", target: uuid.UUID | None = None, is_created: bool = True
    ) -> None:
        """Notes what the data set said, the key of the row that holds it, and whether the import made that row."""
        known = self.entries.get(key)
        entry = self.entries[key] = Provenance(
            pk=known.pk if known else None,
            kind=self.subject.KIND,
            subject_id=self.subject.pk,
            dataset=self.dataset,
            record=self.record.key,
            part=key,
            content=content,
            digest=digest or digest_of(content),
            target=target,
            is_created=is_created,
        )
        if entry.pk:
            entry.save()

    def has_declined(self, key: str, action: Proposal.Action, new: Content | None) -> bool:
        return (key, _proposal_digest(action, new)) in self.declined

    def propose(self, key: str, action: Proposal.Action, old: Content | None, new: Content | None, reason: str) -> None:
        """Proposes a change to the editors, unless they have declined this very text before."""
        digest = _proposal_digest(action, new)
        line = f"{self.subject} ({self.record.key}): {action} {key}"
        if (key, digest) in self.declined:
            self.report.add(Heading.SUPPRESSED, line)
            return
        self.proposed.add(key)
        pending = self.pending.get(key)
        if pending and pending.digest == digest:
            return
        proposal = pending or Proposal(dataset=self.dataset, record=self.record.key, part=key, kind=self.subject.KIND)
        proposal.action, proposal.old, proposal.new = action, old, new
        proposal.reason, proposal.digest = reason, digest
        if proposal.pk:
            proposal.save()
        self.pending[key] = proposal
        self.report.add(Heading.PROPOSED, line)

    def withdraw_stale_proposals(self) -> None:
        """Deletes pending proposals that this run does not make again: an editor or the data set has settled them."""
        pending = self.pending.items()
        stale = [each.pk for key, each in pending if key not in self.proposed and self.record.speaks_of(key)]
        if stale:
            Proposal.objects.filter(pk__in=stale).delete()

    def write(self) -> None:
        write_provenance([self])


def write_provenance(logs: list[ProvenanceLog]) -> None:
    """Saves the new provenance and the new proposals of several records."""
    for log in logs:
        for row in (*log.entries.values(), *log.pending.values()):
            row.subject_id = log.subject.pk  # a new subject has its key only now
    Provenance.objects.bulk_create(entry for log in logs for entry in log.entries.values() if entry.pk is None)
    Proposal.objects.bulk_create(proposal for log in logs for proposal in log.pending.values() if proposal.pk is None)


def _proposal_digest(action: Proposal.Action, new: Content | None) -> str:
    """Returns the hash by which a declined proposal is recognised: of this very text."""
    return digest_of([str(action), new])


def imported_contents(row: ChildRow) -> list[Content]:
    """Returns what data sets said when an import made this row."""
    return list(Provenance.objects.filter(target=row.key, is_created=True).values_list("content", flat=True))
