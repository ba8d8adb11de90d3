"""Puts what datasets say into rows, without ever treading on an editor's work. One way for every dataset.

A piece that no editor touched follows its dataset, in the working copy. One that an editor changed is proposed to the
editors, and one that an editor deleted or declined stays away. Each record is merged in a transaction of its own;
diseases that are not here yet are written several in one (see `pending`).
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from diseases.codes import Relation
from diseases.models import Disease, Source
from imports.matching import Ambiguous, DiseaseIndex, hints_of, joining_codes
from imports.models import Proposal, Provenance
from imports.parts import digest_of
from imports.pending import PendingDiseases, write_pending
from imports.record_merge import IN_THE_TRASH, SAME_NAME, RecordMerge, ensure_valid, lock_disease
from imports.records import SourceRecord, UnreadableSource
from imports.report import ImportReport
from publishing.verbs import Author, PublishingError

ROW_ERRORS = (ValidationError, IntegrityError, DataError, PublishingError)


@dataclass
class ImportRunner:
    """One run over the records of a dataset."""

    dataset: str
    source: Source
    by: Author
    create: bool = True  # whether a disease that is not here is made
    publish_new: bool = False  # whether what this run made goes live; takes a user as `by`
    report: ImportReport = field(default_factory=ImportReport)
    deferred: list[SourceRecord] = field(default_factory=list)  # until every name is what the dataset now says
    read: set[str] = field(default_factory=set)  # the keys of the records that came
    is_final_pass: bool = False
    pending: PendingDiseases = field(default_factory=PendingDiseases)
    dry_run: bool = False
    origin: str = ""  # of the editions that it makes

    def __post_init__(self) -> None:
        self.origin = self.origin or f"import:{self.dataset}"

    def run(
        self, records: Iterable[SourceRecord], dry_run: bool = False, tick: Callable[[], None] = lambda: None
    ) -> ImportReport:
        """Merges every record. A dry run is one transaction that is taken back: it says just what would happen."""
        self.dry_run = dry_run
        with transaction.atomic() if dry_run else nullcontext():
            self.here = DiseaseIndex.load()
            whole = Provenance.objects.filter(dataset=self.dataset, part="").order_by()
            self.known = {
                record: (digest, pk) for record, digest, pk in whole.values_list("record", "digest", "disease")
            }
            noted = Provenance.objects.filter(dataset=self.dataset).order_by().values_list("record", flat=True)
            self.accepted = set(noted.distinct()) - self.known.keys()
            try:
                for record in records:
                    self.report.read += 1
                    self.read.add(record.key)
                    self._take(record)
                    tick()
            except (UnreadableSource, KeyboardInterrupt):
                self._write_newcomers()  # they were read whole
                raise
            self._write_newcomers()
            self.is_final_pass = True
            for record in self.deferred:
                self._take(record)
            self._write_newcomers()
            if dry_run:
                transaction.set_rollback(True)
        return self.report

    def _take(self, record: SourceRecord) -> None:
        if self.pending.conflicts_with(record):
            self._write_newcomers()
        digest = digest_of(record)
        before, pk = self.known.get(record.key, ("", None))
        if before == digest:
            self.report.unchanged += 1
            return
        try:
            with transaction.atomic():
                if pk:
                    self.here.refuse_moved(record, pk)
                else:
                    pk = self.here.joined(record)
                if pk is None:
                    self._meet(record, digest)
                    return
                merging = self._merge_into(lock_disease(pk), record, digest)
        except Ambiguous as error:
            self.report.add("conflicts", f"{record.where}, {record.name}", str(error))
        except ROW_ERRORS as error:
            self._say_failed(record, error)
        else:
            self._close(merging)

    def report_missing(self) -> None:
        """What was imported before and did not come this time. Whether it is gone for good, an editor finds out."""
        gone = {record: pk for record, (_digest, pk) in self.known.items() if record not in self.read}
        diseases = Disease.objects.filter(trashed_at=None).in_bulk(set(gone.values()))
        for record, pk in sorted(gone.items()):
            if pk in diseases:
                self.report.add("missing", f"{diseases[pk]} ({record})")

    def _merge_into(self, disease: Disease, record: SourceRecord, digest: str) -> RecordMerge:
        self._forget_elsewhere(record, disease.pk)
        merging = RecordMerge(self, record, digest, disease, ImportReport())
        merging.run()
        return merging

    def _write_newcomers(self) -> None:
        """Those that wait, together; where one of them is refused, each alone, so that the others are written."""
        waiting = self.pending.pop_all()
        if not waiting:
            return
        try:
            write_pending(waiting, self.by, self.origin, self.publish_new and not self.dry_run)
        except ROW_ERRORS as error:
            if len(waiting) == 1:
                self._say_failed(waiting[0].record, error)
                return
            for merging in waiting:
                self._take(merging.record)
                self._write_newcomers()
        else:
            for merging in waiting:
                self._close(merging)

    def _say_failed(self, record: SourceRecord, error: Exception) -> None:
        self.report.add("failed", f"{record.where}, {record.name}", _error_text(error))

    def _close(self, merging: RecordMerge) -> None:
        """Reports a record that is written, and keeps up what is known of all diseases."""
        record, disease = merging.record, merging.disease
        self.report.take(merging.outcome)
        if not merging.is_done:
            return
        self.known[record.key] = (merging.digest, disease.pk)
        if self.here.names.get(disease.pk) != disease.name:
            self.here.rename(disease.pk, disease.name)
        self.here.set_codes(disease.pk, merging.rows["code"].values())
        for hint in hints_of(record):
            self.here.hints[hint].add(disease.pk)

    def _forget_elsewhere(self, record: SourceRecord, pk: int | None) -> None:
        """A code that an editor accepted for one disease, and has since taken away from it, is noted there still."""
        if record.key in self.accepted:
            Provenance.objects.filter(dataset=self.dataset, record=record.key).exclude(disease=pk).delete()

    def _meet(self, record: SourceRecord, digest: str) -> None:
        """A record whose disease is not here: it is made, where it may be. Of another disease it only says so."""
        outcome = ImportReport()
        where = f"{record.where}, {record.name}"
        namesake = self.here.namesake(record)
        if namesake and not self.is_final_pass:
            self.deferred.append(record)
        elif namesake:
            self._suggest(record, namesake, outcome)
        elif not record.may_have_page:
            outcome.passed_over["a group of diseases, which has no page"] += 1
        elif self.create and not any(joining_codes(record).values()):
            outcome.add("skipped", where, "it has no code to be known by.")
        else:
            for name in self.here.alike(record):
                outcome.add("alike", where, name)
            if self.create:
                self._make(record, digest, outcome)
                return
            outcome.passed_over["no disease here has their codes"] += 1
        self.report.take(outcome)

    def _make(self, record: SourceRecord, digest: str, outcome: ImportReport) -> None:
        """A draft of a disease, which waits to be written with others."""
        disease = Disease(name=record.name, staff_notes="\n".join(f"On import: {line}" for line in record.remarks))
        ensure_valid(disease, "disease")
        self._forget_elsewhere(record, None)
        merging = RecordMerge(self, record, digest, disease, outcome, is_new=True)
        merging.record_content("name", {"text": record.name})
        merging.run()
        outcome.add("created", f"{disease} ({record.key})")
        if self.publish_new:
            outcome.add("published", f"{disease} ({record.key})")
        self.pending.add(merging)

    def _suggest(self, record: SourceRecord, pk: int, outcome: ImportReport) -> None:
        """The record has the name of a disease and not its codes: whether it is the same, an editor says."""
        where = f"{record.where}, {record.name}"
        disease = lock_disease(pk)
        if disease.trashed_at:
            outcome.add("skipped", where, IN_THE_TRASH)
            return
        for scheme, codes in joining_codes(record).items():
            own = [code for code in codes if code not in record.former]
            others = [value for other, value in self.here.codes_of[pk] if other == scheme]
            if own and others:
                said = f"the name belongs to a disease here that is {scheme} {', '.join(others)}"
                outcome.add("conflicts", where, said)
                return
            if own:
                content = {"scheme": scheme, "value": own[0].value, "relation": str(Relation.EXACT)}
                merging = RecordMerge(self, record, "", disease, outcome)
                merging.propose(f"code:{scheme}:{own[0].value}", Proposal.Action.ADD, None, content, SAME_NAME)
                merging.log.write()
                outcome.add("skipped", where, "a disease here has its name and no code of its own yet; see proposals")
                return
        outcome.add("skipped", where, "a disease here has its name, and it has no code to be known by")


def _error_text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    said = " ".join(str(error).split())  # PostgreSQL takes several lines
    if isinstance(error, IntegrityError):
        return f"what it says stands elsewhere on this site already, where it was moved or loaded perhaps ({said})"
    return said
