"""Approves and deletes many symptoms at once. Each disease gets one new edition; nothing is published."""

from collections.abc import Callable, Iterable, Iterator

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import ngettext

from accounts.models import User
from diseases.models import Disease, Symptom
from publishing.verbs import PageRefused, lock, may, save_edition

ApprovalErrors = list[tuple[Disease, str]]
"""The diseases whose symptoms were left as they are, each with the reason."""

_Change = Callable[[QuerySet[Symptom]], tuple[int, str]]
"""Changes symptoms of one disease; returns how many, and the note for the edition."""


def set_approved(symptoms: Iterable[Symptom], by: User, *, approved: bool) -> tuple[int, ApprovalErrors]:
    """Approves symptoms, or removes their approval; returns how many it changed, and the errors."""

    def change(rows: QuerySet[Symptom]) -> tuple[int, str]:
        count = rows.exclude(approved=approved).update(approved=approved)
        note = ngettext("Approval of %(n)s symptom removed", "Approval of %(n)s symptoms removed", count)
        if approved:
            note = ngettext("%(n)s symptom approved", "%(n)s symptoms approved", count)
        return count, note % {"n": count}

    return _change_by_disease(symptoms, by, change)


def delete_symptoms(symptoms: Iterable[Symptom], by: User) -> tuple[int, ApprovalErrors]:
    """Deletes symptoms permanently; returns how many, and the errors. Imports do not add deleted symptoms again."""

    def change(rows: QuerySet[Symptom]) -> tuple[int, str]:
        count = rows.count()
        rows.delete()
        return count, ngettext("%(n)s symptom deleted", "%(n)s symptoms deleted", count) % {"n": count}

    return _change_by_disease(symptoms, by, change)


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
def _change_one_disease(disease_id: int, pks: list[int], by: User, change: _Change) -> int:
    """Changes symptoms of one disease and saves an edition: all of them, or none where the page cannot hold them."""
    disease = lock(Disease, disease_id)
    count, note = change(Symptom.objects.filter(pk__in=pks, disease=disease_id))
    if count:
        save_edition(disease, by, note=note)
    return count
