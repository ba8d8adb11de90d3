"""Approves and deletes many symptoms at once. Each disease gets one new edition; nothing is published."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from diseases.models import Disease, Symptom
from editorial.jobs import JobTask, Work, register_work
from editorial.models import JobItem
from editorial.seen import token_of
from publishing.verbs import PageRefused, lock, may, save_edition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ApprovalErrors = list[tuple[Disease, str]]
"""The diseases whose symptoms were left as they are, each with the reason."""

_Change = Callable[[QuerySet[Symptom]], tuple[int, str]]
"""Changes symptoms of one disease; returns how many, and the note for the edition."""


def _approve(rows: QuerySet[Symptom]) -> tuple[int, str]:
    count = rows.exclude(approved=True).update(approved=True)
    return count, ngettext("%(n)s symptom approved", "%(n)s symptoms approved", count) % {"n": count}


def _unapprove(rows: QuerySet[Symptom]) -> tuple[int, str]:
    count = rows.exclude(approved=False).update(approved=False)
    note = ngettext("Approval of %(n)s symptom removed", "Approval of %(n)s symptoms removed", count)
    return count, note % {"n": count}


def _delete(rows: QuerySet[Symptom]) -> tuple[int, str]:
    count = rows.count()
    rows.delete()
    return count, ngettext("%(n)s symptom deleted", "%(n)s symptoms deleted", count) % {"n": count}


def set_approved(symptoms: Iterable[Symptom], by: User, *, approved: bool) -> tuple[int, ApprovalErrors]:
    """Approves symptoms, or removes their approval; returns how many it changed, and the errors."""
    return _change_by_disease(symptoms, by, _approve if approved else _unapprove)


def delete_symptoms(symptoms: Iterable[Symptom], by: User) -> tuple[int, ApprovalErrors]:
    """Deletes symptoms permanently; returns how many, and the errors. Imports do not add deleted symptoms again."""
    return _change_by_disease(symptoms, by, _delete)


def _change_by_disease(symptoms: Iterable[Symptom], by: User, change: _Change) -> tuple[int, ApprovalErrors]:
    if not may(by, "change", Disease):
        raise PermissionDenied
    count = 0
    errors: ApprovalErrors = []
    for disease_id, pks in _symptoms_by_disease(symptoms):
        try:
            count += _change_one_disease(disease_id, pks, by, change)
        except PageRefused as error:
            errors.append((Disease.objects.get(pk=disease_id), str(error)))
    return count, errors


def _symptoms_by_disease(symptoms: Iterable[Symptom]) -> Iterator[tuple[int, list[int]]]:
    pks_by_disease: dict[int, list[int]] = {}
    for symptom in symptoms:
        pks_by_disease.setdefault(symptom.disease_id, []).append(symptom.pk)
    yield from sorted(pks_by_disease.items())


@transaction.atomic
def _change_one_disease(disease_id: int, pks: list[int], by: User, change: _Change, origin: str = "") -> int:
    """Changes symptoms of one disease and saves an edition: all of them, or none where the page cannot hold them."""
    disease = lock(Disease, disease_id)
    count, note = change(Symptom.objects.filter(pk__in=pks, disease=disease_id))
    if count:
        save_edition(disease, by, note, origin)
    return count


def items_of_symptoms(symptoms: QuerySet[Symptom]) -> list[JobItem]:
    """Returns the items of a job, one for each disease, with what the person sees of its symptoms."""
    columns = symptoms.order_by("disease_id").values_list("disease_id", "pk", "term", "frequency", "aspect", "hpo_id")
    return [
        JobItem(kind=Disease.KIND, subject_id=disease, rows={str(pk): token_of(seen) for _disease, pk, *seen in rows})
        for disease, rows in groupby(columns, key=itemgetter(0))
    ]


def _work(name: str, label: "StrOrPromise", change: _Change) -> Work:
    """Registers the change of symptoms of many diseases. Symptoms that are no longer as the person saw them stay."""

    def step(task: JobTask) -> str:
        symptoms = Symptom.objects.filter(disease=task.subject.pk, pk__in=task.rows)
        found = [pair for item in items_of_symptoms(symptoms) for pair in item.rows.items()]
        same = [int(pk) for pk, token in found if task.rows[pk] == token]
        for symptom in symptoms.exclude(pk__in=same):
            task.refusals.append(_("“%(name)s” was changed in the meantime.") % {"name": symptom})
        _change_one_disease(task.subject.pk, same, task.by, change, task.origin)
        return ""

    return register_work(Work(name, label, "change", step))


APPROVE_SYMPTOMS = _work("approve symptoms", gettext_lazy("Approve symptoms"), _approve)
UNAPPROVE_SYMPTOMS = _work("unapprove symptoms", gettext_lazy("Remove the approval of symptoms"), _unapprove)
DELETE_SYMPTOMS = _work("delete symptoms", gettext_lazy("Delete symptoms"), _delete)
