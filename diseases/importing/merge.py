"""Puts what datasets say into rows, without ever treading on an editor's work. One way for every dataset.

A piece that no editor touched follows its dataset, in the working copy. One that an editor changed is proposed to the
editors, and one that an editor deleted or declined stays away. Each record is merged in a transaction of its own.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from diseases.codes import Relation
from diseases.importing.finding import Ambiguous, Diseases, hints_of, joining_codes
from diseases.importing.merging import IN_THE_BIN, SAME_NAME, Merging, locked, refuse
from diseases.importing.pieces import digest_of
from diseases.importing.records import Record
from diseases.importing.report import Report
from diseases.models import Disease, Proposal, Provenance, Source
from publishing.editions import Author, PublishingError, publish

REFUSED = (ValidationError, IntegrityError, DataError, PublishingError)


@dataclass
class Merge:
    """One run over the records of a dataset."""

    dataset: str
    source: Source
    by: Author
    create: bool = True  # whether a disease that is not here is made
    publish_new: bool = False  # whether what this run made goes live; takes a user as `by`
    report: Report = field(default_factory=Report)
    put_off: list[Record] = field(default_factory=list)  # until every name is what the dataset now says
    is_last_round: bool = False

    def run(self, records: Iterable[Record], dry_run: bool = False, tick: Callable[[], None] = lambda: None) -> Report:
        """Merges every record. A dry run is one transaction that is taken back: it says just what would happen."""
        with transaction.atomic() if dry_run else nullcontext():
            self.here = Diseases.here()
            whole = Provenance.objects.filter(dataset=self.dataset, part="").order_by()
            self.known = {
                record: (digest, pk) for record, digest, pk in whole.values_list("record", "digest", "disease")
            }
            noted = Provenance.objects.filter(dataset=self.dataset).order_by().values_list("record", flat=True)
            self.accepted = set(noted.distinct()) - self.known.keys()
            for record in records:
                self.report.read += 1
                self._take(record, dry_run)
                tick()
            self.is_last_round = True
            for record in self.put_off:
                self._take(record, dry_run)
            if dry_run:
                transaction.set_rollback(True)
        return self.report

    def _take(self, record: Record, dry_run: bool) -> None:
        digest = digest_of(record)
        before, pk = self.known.get(record.key, ("", None))
        if before == digest:
            self.report.unchanged += 1
            return
        outcome = Report()
        try:
            with transaction.atomic():
                pk = pk or self.here.joined(record)
                if pk is None:
                    merging = self._make(record, digest, outcome, dry_run)
                else:
                    disease = locked(pk)
                    self._forget_elsewhere(record, disease)
                    merging = Merging(self, record, digest, disease, outcome)
                    merging.run()
        except Ambiguous as error:
            self.report.say("conflicts", f"{record.where}, {record.name}", str(error))
        except REFUSED as error:
            self.report.say("failed", f"{record.where}, {record.name}", _words(error))
        else:
            self.report.take(outcome)
            if merging and merging.is_written:
                self._remember(record, digest, merging)

    def _remember(self, record: Record, digest: str, merging: Merging) -> None:
        """Keeps up what is known of all diseases, once a record is written."""
        disease = merging.disease
        self.known[record.key] = (digest, disease.pk)
        if self.here.names.get(disease.pk) != disease.name:
            self.here.rename(disease.pk, disease.name)
        self.here.set_codes(disease.pk, merging.rows["code"].values())
        for hint in hints_of(record):
            self.here.hints[hint].add(disease.pk)

    def _forget_elsewhere(self, record: Record, disease: Disease) -> None:
        """A code that an editor accepted for one disease, and has since taken away from it, is noted there still."""
        if record.key in self.accepted:
            Provenance.objects.filter(dataset=self.dataset, record=record.key).exclude(disease=disease).delete()

    def _make(self, record: Record, digest: str, outcome: Report, dry_run: bool) -> Merging | None:
        """A draft of a disease that is not here; None where it may not be made."""
        where = f"{record.where}, {record.name}"
        namesake = self.here.namesake(record)
        if namesake and not self.is_last_round:
            self.put_off.append(record)
            return None
        if namesake:
            self._suggest(record, namesake, outcome)
            return None
        if not record.may_have_page:
            outcome.passed_over["a group of diseases, which has no page"] += 1
            return None
        alike = self.here.alike(record)
        if not self.create:
            outcome.passed_over["no disease here has their codes"] += 1
            for name in alike:
                outcome.say("alike", where, name)
            return None
        if not any(joining_codes(record).values()):
            outcome.say("skipped", where, "it has no code to be known by.")
            return None
        for name in alike:
            outcome.say("alike", where, name)
        disease = Disease(name=record.name, staff_notes="\n".join(f"On import: {line}" for line in record.remarks))
        refuse(disease, "disease")
        disease.save()
        self._forget_elsewhere(record, disease)
        merging = Merging(self, record, digest, disease, outcome, is_new=True)
        merging.remember("name", {"text": record.name})
        merging.run()
        outcome.say("created", f"{disease} ({record.key})")
        if self.publish_new:
            if not dry_run:
                publish(merging.edition, by=self.by)
            outcome.say("published", f"{disease} ({record.key})")
        return merging

    def _suggest(self, record: Record, pk: int, outcome: Report) -> None:
        """The record has the name of a disease and not its codes: whether it is the same, an editor says."""
        where = f"{record.where}, {record.name}"
        disease = locked(pk)
        if disease.binned_at:
            outcome.say("skipped", where, IN_THE_BIN)
            return
        for scheme, codes in joining_codes(record).items():
            own = [code for code in codes if code not in record.former]
            others = [value for other, value in self.here.codes_of[pk] if other == scheme]
            if own and others:
                said = f"the name belongs to a disease here that is {scheme} {', '.join(others)}"
                outcome.say("conflicts", where, said)
                return
            if own:
                content = {"scheme": scheme, "value": own[0].value, "relation": str(Relation.EXACT)}
                merging = Merging(self, record, "", disease, outcome)
                merging.propose(f"code:{scheme}:{own[0].value}", Proposal.Action.ADD, None, content, SAME_NAME)
                outcome.say("skipped", where, "a disease here has its name and no code of its own yet; see proposals")
                return
        outcome.say("skipped", where, "a disease here has its name, and it has no code to be known by")


def _words(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
