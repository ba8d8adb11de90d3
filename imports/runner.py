"""Merges the records of a data set into the diseases, without ever overwriting an editor's work.

All data sets are merged the same way. A part that no editor has touched is updated when its data set changes, as a
draft. A change to a part that an editor changed is proposed to the editors. A part that an editor deleted or declined
is not imported again. Each record is merged in a transaction of its own; new diseases are saved several at a time
(see `pending`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from pydantic import TypeAdapter

from diseases.codes import Relation
from diseases.models import Disease, Identifier
from imports.disease_merge import DiseaseMerge
from imports.matching import (
    Ambiguous,
    DiseaseIndex,
    MatchingKey,
    hints_of,
    joining_codes,
    matching_keys,
    subjects_by_name,
)
from imports.models import Proposal, Provenance, WaitingRecord
from imports.parts import digest_of
from imports.pending import write_pending
from imports.record_merge import IN_THE_TRASH, MergeContext, RecordMerge
from imports.records import JOINING, SourceRecord, UnreadableSource
from imports.report import Heading, ImportReport
from imports.validation import ensure_valid
from organizations.duplicates import likely_duplicates
from organizations.models import Organization
from publishing.models import Publishable
from publishing.verbs import PublishingError, lock
from search.letters import fold_text

SAME_NAME = (
    "The data set has a record with the same name and this code. Accept it if both are one disease. The next import "
    "then updates this page from that record."
)
NO_CODE_YET = "a disease on this site has its name and no code yet; see the proposals"
NAME_WITHOUT_CODE = "a disease on this site has its name, and the record has no code by which it could be recognised"
WAITS = "wait for the other files of the data set: those read so far do not say their names and all their codes"
BATCH_SIZE = 30  # new diseases that are saved together
RECORDS = TypeAdapter(SourceRecord)
_Kind = TypeVar("_Kind", Disease, Organization)
ROW_ERRORS = (ValidationError, IntegrityError, DataError, PublishingError)


@dataclass
class ImportRunner(MergeContext):
    """One run over the records of a data set."""

    create: bool = True  # whether to create diseases that are not on this site
    publish_new: bool = False  # whether to publish the pages that this run creates; `by` must then be a user
    report: ImportReport = field(default_factory=ImportReport)
    deferred: list[SourceRecord] = field(default_factory=list)  # merged last, when all names are up to date
    read: set[str] = field(default_factory=set)  # the keys of the records that were read
    waiting: set[str] = field(default_factory=set)  # the keys of records that wait for other files
    key_prefixes: set[str] = field(default_factory=set)  # of what complete deliveries have spoken
    is_final_pass: bool = False
    pending: list[RecordMerge] = field(default_factory=list)  # of new diseases that no code or name finds, until saved
    pending_keys: set[MatchingKey] = field(default_factory=set)  # of all these diseases
    dry_run: bool = False
    names: dict[str, dict[str, int]] = field(default_factory=dict)  # the subjects of each kind by folded names

    def __post_init__(self) -> None:
        self.origin = self.origin or f"import:{self.dataset}"

    def run(self, records: Iterable[SourceRecord], dry_run: bool = False, is_complete: bool = False) -> ImportReport:
        """Merges every record. `is_complete` tells that the files hold the whole data set, so far as they speak of it.

        In a dry run the caller undoes everything (`rehearsal`), and nothing is published.
        """
        self.dry_run = dry_run
        self.index = DiseaseIndex.load()
        whole_records = Provenance.objects.filter(dataset=self.dataset, part="").order_by()
        self.known = {
            record: (digest, pk) for record, digest, pk in whole_records.values_list("record", "digest", "subject_id")
        }
        recorded = Provenance.objects.filter(dataset=self.dataset).order_by().values_list("record", flat=True)
        # Records of which an editor accepted a proposal, but which were never merged.
        self.accepted = set(recorded.distinct()) - self.known.keys()
        waiting = WaitingRecord.objects.filter(dataset=self.dataset)
        self.waiting = set(waiting.values_list("record", flat=True)) - self.known.keys()
        delivered: set[str] = set()
        try:
            for record in records:
                self.report.read += 1
                self.read.add(record.key)
                delivered.update(record.key_prefixes)
                self._merge(self._completed(record))
        except (UnreadableSource, KeyboardInterrupt):
            self._write_pending()  # these records were read completely
            raise
        self._write_pending()
        self.is_final_pass = True
        for record in self.deferred:
            self._merge(record)
        self._write_pending()
        if is_complete:
            self.key_prefixes |= delivered
            self._merge_waiting()
        return self.report

    def _merge(self, record: SourceRecord) -> None:
        keys = matching_keys(record)
        if len(self.pending) >= BATCH_SIZE or not self.pending_keys.isdisjoint(keys):
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
                    pk = self.index.disease_of(record) if record.speaks_of("name") else None
                    if pk is None and self.finds_by_name:
                        pk = self._named(Disease, record.name)
                merges = self._merge_organizations(record)
                if pk is None:
                    merge = self._merge_unknown(record, digest)
                    if merge and self.finds_by_name:  # the organizations are saved, and the disease fails with them
                        write_pending([merge], self.publish_new and not self.dry_run)
                    elif merge:
                        self.pending.append(merge)
                        self.pending_keys |= keys
                        return
                else:
                    disease = lock(Disease, pk)
                    self._forget_elsewhere(record, pk)
                    merge = DiseaseMerge(self, record, digest, disease, ImportReport())
                    merge.run()
        except Ambiguous as error:
            self.report.add(Heading.CONFLICTS, f"{record.where}, {record.name}", str(error))
        except ROW_ERRORS as error:
            self.names.clear()  # some may have been undone
            self._report_failed(record, error)
        else:
            for each in [*merges, *([merge] if merge else [])]:
                self._finish(each)
        if record.key not in self.known and (record.key in self.waiting or not self._is_recognisable(record)):
            self._keep(record)

    # Records that wait for other files

    def _completed(self, record: SourceRecord) -> SourceRecord:
        """Returns the record with what earlier deliveries said of it, where its disease is not known yet."""
        if record.key not in self.waiting:
            return record
        return record.completed_by(self._waiting_record(record.key))

    def _waiting_record(self, key: str) -> SourceRecord:
        return RECORDS.validate_python(WaitingRecord.objects.get(dataset=self.dataset, record=key).content)

    def _is_recognisable(self, record: SourceRecord, key_prefixes: Iterable[str] = ()) -> bool:
        """Tells whether its files, or others with these prefixes, say its name and all codes that tell its disease.

        Its name must be its own: a nomenclature that does not name it means that its code is out of use.
        """
        prefixes = (*record.key_prefixes, *key_prefixes)
        return record.speaks_of("name") and all(f"identifier:{each}:".startswith(prefixes) for each in JOINING)

    def _keep(self, record: SourceRecord) -> None:
        """Saves a record that found no disease, until other files say more of it."""
        content = RECORDS.dump_python(record, mode="json")
        WaitingRecord.objects.update_or_create(dataset=self.dataset, record=record.key, defaults={"content": content})
        self.waiting.add(record.key)

    def _merge_waiting(self) -> None:
        """Merges the records that wait and are not in this complete delivery, which therefore says nothing of them."""
        for key in sorted(self.waiting - self.read):
            record = self._waiting_record(key)
            if (self.create and record.may_have_page) or self.index.disease_named(record):
                self._merge(record)
        self._write_pending()

    def _named(self, kind: type[Publishable], name: str) -> int | None:
        if kind.KIND not in self.names:
            self.names[kind.KIND] = subjects_by_name(kind)
        return self.names[kind.KIND].get(fold_text(name))

    def _merge_organizations(self, record: SourceRecord) -> list[RecordMerge]:
        """Merges the organizations of a record. Those outside the trash are then in `organizations`."""
        self.organizations = {}
        merges = []
        for each in record.organizations:
            digest = digest_of(each)
            digest_before, pk = self.known.get(each.key, ("", None))
            pk = pk or self._named(Organization, each.name)
            organization = lock(Organization, pk) if pk else self._new_subject(each, Organization)
            if digest != digest_before:
                merge = RecordMerge(self, each, digest, organization, ImportReport(), is_new=not pk)
                merge.run()
                if not pk:
                    self._report_new(merge)
                    write_pending([merge], self.publish_new and not self.dry_run)
                    self.names[Organization.KIND][fold_text(each.name)] = organization.pk
                merges.append(merge)
            if not organization.trashed_at:
                self.organizations[fold_text(each.name)] = organization
        if merges:
            others = Organization.objects.filter(trashed_at=None)
            for one, other, reasons in likely_duplicates(self.organizations.values(), others):
                merges[0].report.add(Heading.POSSIBLE_DUPLICATES, f"{one} and {other}", ", ".join(reasons))
        return merges

    def report_missing(self) -> None:
        """Reports records that were imported before and are not among these. An editor finds out why."""
        missing = {record: pk for record, (_digest, pk) in self.known.items() if record not in self.read}
        diseases = Disease.objects.filter(trashed_at=None).in_bulk(set(missing.values()))
        for record, pk in sorted(missing.items()):
            if pk in diseases:
                self.report.add(Heading.MISSING, f"{diseases[pk]} ({record})")

    def _write_pending(self) -> None:
        """Saves the pending diseases together; if one of them cannot be saved, each alone, so that the others are."""
        pending, self.pending, self.pending_keys = self.pending, [], set()
        if not pending:
            return
        try:
            write_pending(pending, self.publish_new and not self.dry_run)
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
        record, disease = merge.record, merge.subject
        self.report.merge(merge.report)
        if not merge.is_done:
            return
        self.known[record.key] = (merge.digest, disease.pk)
        if record.key in self.waiting:
            self.waiting.remove(record.key)
            WaitingRecord.objects.filter(dataset=self.dataset, record=record.key).delete()
        if not isinstance(disease, Disease):
            return
        if disease.KIND in self.names:
            self.names[disease.KIND][fold_text(disease.name)] = disease.pk
        if self.index.names.get(disease.pk) != disease.name:
            self.index.rename(disease.pk, disease.name)
        codes = [row for row in merge.rows_of("identifier").values() if isinstance(row, Identifier)]
        self.index.set_codes(disease.pk, codes)
        for hint in hints_of(record):
            self.index.hints[hint].add(disease.pk)

    def _forget_elsewhere(self, record: SourceRecord, pk: int | None) -> None:
        """Deletes the provenance of a code that an editor accepted for one disease and has since removed from it."""
        if record.key in self.accepted:
            entries = Provenance.objects.filter(dataset=self.dataset, record=record.key)
            (entries.exclude(subject_id=pk) if pk else entries).delete()

    def _merge_unknown(self, record: SourceRecord, digest: str) -> RecordMerge | None:
        """Creates the disease of a record if it may, or reports why not and which diseases are similar."""
        report = ImportReport()
        where = f"{record.where}, {record.name}"
        same_name = self.index.disease_named(record)
        if not self._is_recognisable(record, self.key_prefixes):
            report.skipped_reasons[WAITS] += 1
        elif same_name and not self.is_final_pass:
            self.deferred.append(record)
        elif same_name:
            self._propose_code(record, same_name, report)
        elif not record.may_have_page:
            report.skipped_reasons["a group of diseases, which has no page"] += 1
        elif self.create and not self.finds_by_name and not any(joining_codes(record).values()):
            report.add(Heading.SKIPPED, where, "it has no code by which it could be recognised.")
        else:
            for name in self.index.similar_names(record):
                report.add(Heading.POSSIBLE_DUPLICATES, where, name)
            if self.create:
                self._forget_elsewhere(record, None)
                merge = DiseaseMerge(self, record, digest, self._new_subject(record, Disease), report, is_new=True)
                merge.run()
                self._report_new(merge)
                return merge
            report.skipped_reasons["no disease on this site has their codes"] += 1
        self.report.merge(report)
        return None

    def _new_subject(self, record: SourceRecord, kind: type[_Kind]) -> _Kind:
        """Returns an unsaved subject with the record's name. Raises ValidationError where the name does not fit."""
        subject = kind(name=record.name, staff_notes="\n".join(f"On import: {line}" for line in record.remarks))
        ensure_valid(subject, kind.KIND)
        return subject

    def _report_new(self, merge: RecordMerge) -> None:
        for heading in (Heading.CREATED, *([Heading.PUBLISHED] if self.publish_new else [])):
            merge.report.add(heading, f"{merge.subject} ({merge.record.key})")

    def _propose_code(self, record: SourceRecord, pk: int, report: ImportReport) -> None:
        """Proposes the record's code for a disease that has its name but none of its codes. An editor decides."""
        where = f"{record.where}, {record.name}"
        disease = lock(Disease, pk)
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
                merge = DiseaseMerge(self, record, "", disease, report)
                merge.propose(f"identifier:{scheme}:{own[0].value}", Proposal.Action.ADD, None, content, SAME_NAME)
                merge.log.write()
                report.add(Heading.SKIPPED, where, NO_CODE_YET)
                return
        report.add(Heading.SKIPPED, where, NAME_WITHOUT_CODE)


def _error_text(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    text = " ".join(str(error).split())  # PostgreSQL writes several lines
    if isinstance(error, IntegrityError):
        return f"another page on this site already has what it says; perhaps it was moved or loaded there ({text})"
    return text
