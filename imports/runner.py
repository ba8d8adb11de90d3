"""Merges the records of a data set into the diseases, without ever overwriting an editor's work.

All data sets are merged the same way. A part that no editor has touched is updated when its data set changes, as a
draft. A change to a part that an editor changed is proposed to the editors. A part that an editor deleted or declined
is not imported again. Each record is merged in a transaction of its own; new diseases are saved several at a time
(see `pending`).
"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from diseases.codes import Relation
from diseases.models import Disease, Identifier, Source
from imports.matching import Ambiguous, DiseaseIndex, hints_of, joining_codes
from imports.models import Proposal, Provenance
from imports.parts import digest_of
from imports.pending import PendingDiseases, write_pending
from imports.record_merge import IN_THE_TRASH, SAME_NAME, RecordMerge, ensure_valid, lock_disease
from imports.records import SourceRecord, UnreadableSource
from imports.report import Heading, ImportReport
from publishing.verbs import Author, PublishingError

ROW_ERRORS = (ValidationError, IntegrityError, DataError, PublishingError)


@dataclass
class ImportRunner:
    """One run over the records of a data set."""

    dataset: str
    source: Source
    by: Author
    create: bool = True  # whether to create diseases that are not on this site
    publish_new: bool = False  # whether to publish the diseases that this run creates; `by` must then be a user
    report: ImportReport = field(default_factory=ImportReport)
    deferred: list[SourceRecord] = field(default_factory=list)  # merged last, when all names are up to date
    read: set[str] = field(default_factory=set)  # the keys of the records that were read
    is_final_pass: bool = False
    pending: PendingDiseases = field(default_factory=PendingDiseases)
    dry_run: bool = False
    origin: str = ""  # of the editions that this run saves

    def __post_init__(self) -> None:
        self.origin = self.origin or f"import:{self.dataset}"

    def run(self, records: Iterable[SourceRecord], dry_run: bool = False) -> ImportReport:
        """Merges every record. A dry run is one transaction that is rolled back, so its report is exact."""
        self.dry_run = dry_run
        with transaction.atomic() if dry_run else nullcontext():
            self.index = DiseaseIndex.load()
            whole_records = Provenance.objects.filter(dataset=self.dataset, part="").order_by()
            self.known = {
                record: (digest, pk) for record, digest, pk in whole_records.values_list("record", "digest", "disease")
            }
            recorded = Provenance.objects.filter(dataset=self.dataset).order_by().values_list("record", flat=True)
            # Records of which an editor accepted a proposal, but which were never merged.
            self.accepted = set(recorded.distinct()) - self.known.keys()
            try:
                for record in records:
                    self.report.read += 1
                    self.read.add(record.key)
                    self._merge(record)
            except (UnreadableSource, KeyboardInterrupt):
                self._write_pending()  # these records were read completely
                raise
            self._write_pending()
            self.is_final_pass = True
            for record in self.deferred:
                self._merge(record)
            self._write_pending()
            if dry_run:
                transaction.set_rollback(True)
        return self.report

    def _merge(self, record: SourceRecord) -> None:
        if self.pending.conflicts_with(record):
            self._write_pending()
        digest = digest_of(record)
        digest_before, pk = self.known.get(record.key, ("", None))
        if digest_before == digest:
            self.report.unchanged += 1
            return
        try:
            with transaction.atomic():
                if pk:
                    self.index.ensure_not_moved(record, pk)
                else:
                    pk = self.index.disease_of(record)
                if pk is None:
                    self._merge_unknown(record, digest)
                    return
                merge = self._merge_into(lock_disease(pk), record, digest)
        except Ambiguous as error:
            self.report.add(Heading.CONFLICTS, f"{record.where}, {record.name}", str(error))
        except ROW_ERRORS as error:
            self._report_failed(record, error)
        else:
            self._finish(merge)

    def report_missing(self) -> None:
        """Reports records that were imported before and are not among these. An editor finds out why."""
        missing = {record: pk for record, (_digest, pk) in self.known.items() if record not in self.read}
        diseases = Disease.objects.filter(trashed_at=None).in_bulk(set(missing.values()))
        for record, pk in sorted(missing.items()):
            if pk in diseases:
                self.report.add(Heading.MISSING, f"{diseases[pk]} ({record})")

    def _merge_into(self, disease: Disease, record: SourceRecord, digest: str) -> RecordMerge:
        self._forget_elsewhere(record, disease.pk)
        merge = RecordMerge(self, record, digest, disease, ImportReport())
        merge.run()
        return merge

    def _write_pending(self) -> None:
        """Saves the pending diseases together; if one of them cannot be saved, each alone, so that the others are."""
        pending = self.pending.pop_all()
        if not pending:
            return
        try:
            write_pending(pending, self.by, self.origin, self.publish_new and not self.dry_run)
        except ROW_ERRORS as error:
            if len(pending) == 1:
                self._report_failed(pending[0].record, error)
                return
            for merge in pending:
                self._merge(merge.record)
                self._write_pending()
        else:
            for merge in pending:
                self._finish(merge)

    def _report_failed(self, record: SourceRecord, error: Exception) -> None:
        self.report.add(Heading.FAILED, f"{record.where}, {record.name}", _error_text(error))

    def _finish(self, merge: RecordMerge) -> None:
        """Reports a record that is saved, and updates the index of diseases."""
        record, disease = merge.record, merge.disease
        self.report.merge(merge.report)
        if not merge.is_done:
            return
        self.known[record.key] = (merge.digest, disease.pk)
        if self.index.names.get(disease.pk) != disease.name:
            self.index.rename(disease.pk, disease.name)
        self.index.set_codes(disease.pk, (row for row in merge.rows["code"].values() if isinstance(row, Identifier)))
        for hint in hints_of(record):
            self.index.hints[hint].add(disease.pk)

    def _forget_elsewhere(self, record: SourceRecord, pk: int | None) -> None:
        """Deletes the provenance of a code that an editor accepted for one disease and has since removed from it."""
        if record.key in self.accepted:
            Provenance.objects.filter(dataset=self.dataset, record=record.key).exclude(disease=pk).delete()

    def _merge_unknown(self, record: SourceRecord, digest: str) -> None:
        """Creates the disease of a record if it may, or reports why not and which diseases are similar."""
        report = ImportReport()
        where = f"{record.where}, {record.name}"
        same_name = self.index.disease_named(record)
        if same_name and not self.is_final_pass:
            self.deferred.append(record)
        elif same_name:
            self._propose_code(record, same_name, report)
        elif not record.may_have_page:
            report.skipped_reasons["a group of diseases, which has no page"] += 1
        elif self.create and not any(joining_codes(record).values()):
            report.add(Heading.SKIPPED, where, "it has no code by which it could be recognised.")
        else:
            for name in self.index.similar_names(record):
                report.add(Heading.POSSIBLE_DUPLICATES, where, name)
            if self.create:
                self._create(record, digest, report)
                return
            report.skipped_reasons["no disease on this site has their codes"] += 1
        self.report.merge(report)

    def _create(self, record: SourceRecord, digest: str, report: ImportReport) -> None:
        """Makes a draft of a new disease, which is saved later, together with others."""
        disease = Disease(name=record.name, staff_notes="\n".join(f"On import: {line}" for line in record.remarks))
        ensure_valid(disease, "disease")
        self._forget_elsewhere(record, None)
        merge = RecordMerge(self, record, digest, disease, report, is_new=True)
        merge.record_part("name", {"text": record.name})
        merge.run()
        report.add(Heading.CREATED, f"{disease} ({record.key})")
        if self.publish_new:
            report.add(Heading.PUBLISHED, f"{disease} ({record.key})")
        self.pending.add(merge)

    def _propose_code(self, record: SourceRecord, pk: int, report: ImportReport) -> None:
        """Proposes the record's code for a disease that has its name but none of its codes. An editor decides."""
        where = f"{record.where}, {record.name}"
        disease = lock_disease(pk)
        if disease.trashed_at:
            report.add(Heading.SKIPPED, where, IN_THE_TRASH)
            return
        for scheme, codes in joining_codes(record).items():
            own = [code for code in codes if code not in record.former]
            others = [value for other, value in self.index.codes_of[pk] if other == scheme]
            if own and others:
                line = f"the name belongs to a disease on this site that is {scheme} {', '.join(others)}"
                report.add(Heading.CONFLICTS, where, line)
                return
            if own:
                content = {"scheme": str(scheme), "value": own[0].value, "relation": str(Relation.EXACT)}
                merge = RecordMerge(self, record, "", disease, report)
                merge.propose(f"code:{scheme}:{own[0].value}", Proposal.Action.ADD, None, content, SAME_NAME)
                merge.log.write()
                report.add(
                    Heading.SKIPPED, where, "a disease on this site has its name and no code yet; see the proposals"
                )
                return
        report.add(
            Heading.SKIPPED,
            where,
            "a disease on this site has its name, and the record has no code by which it could be recognised",
        )


def _error_text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    text = " ".join(str(error).split())  # PostgreSQL writes several lines
    if isinstance(error, IntegrityError):
        return f"another page on this site already has what it says; perhaps it was moved or loaded there ({text})"
    return text
