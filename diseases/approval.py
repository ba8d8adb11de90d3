"""Approval of symptoms, many at once: only approved rows are on the page, and nothing goes live by it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import ngettext

from diseases.models import Disease, Symptom
from publishing.verbs import PageRefused, lock, may, save_edition

ApprovalErrors = list[tuple[Any, str]]


def approve_symptoms(symptoms: Iterable[Symptom], by: Any) -> tuple[int, ApprovalErrors]:
    """How many were approved that were not, and the diseases where none could be, with the reason."""

    def step(rows: Any) -> tuple[int, str]:
        done = rows.filter(approved=False).update(approved=True)
        return done, ngettext("%(n)s symptom approved", "%(n)s symptoms approved", done) % {"n": done}

    return _each_disease(symptoms, by, step)


def unapprove_symptoms(symptoms: Iterable[Symptom], by: Any) -> tuple[int, ApprovalErrors]:
    def step(rows: Any) -> tuple[int, str]:
        done = rows.filter(approved=True).update(approved=False)
        return done, ngettext("Approval of %(n)s symptom taken away", "Approval of %(n)s symptoms taken away", done) % {
            "n": done
        }

    return _each_disease(symptoms, by, step)


def delete_symptoms(symptoms: Iterable[Symptom], by: Any) -> tuple[int, ApprovalErrors]:
    """Deletes them for good: no import brings back what an editor deleted."""

    def step(rows: Any) -> tuple[int, str]:
        done = rows.count()
        rows.delete()
        return done, ngettext("%(n)s symptom deleted", "%(n)s symptoms deleted", done) % {"n": done}

    return _each_disease(symptoms, by, step)


def _each_disease(
    symptoms: Iterable[Symptom], by: Any, step: Callable[[Any], tuple[int, str]]
) -> tuple[int, ApprovalErrors]:
    if not may(by, "change", Disease):
        raise PermissionDenied
    done, refusals = 0, []
    for disease_id, pks in _symptoms_by_disease(symptoms):
        try:
            done += _step(disease_id, pks, by, step)
        except PageRefused as error:
            refusals.append((Disease.objects.get(pk=disease_id), str(error)))
    return done, refusals


def _symptoms_by_disease(symptoms: Iterable[Symptom]) -> Iterator[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for symptom in symptoms:
        found.setdefault(symptom.disease_id, []).append(symptom.pk)
    yield from sorted(found.items())


@transaction.atomic
def _step(disease_id: int, pks: list[int], by: Any, step: Callable[[Any], tuple[int, str]]) -> int:
    """One disease's, as one edition: all of them or, where its page cannot hold them, none."""
    disease = lock(Disease, disease_id)
    done, note = step(Symptom.objects.filter(pk__in=pks, disease=disease_id))
    if done:
        Disease._base_manager.filter(pk=disease_id).update(saved_by=by.get_full_name() or by.get_username())
        save_edition(disease, by, note=note)
    return done
