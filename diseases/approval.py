"""Approves and deletes many symptoms at once. Each disease gets one new edition; nothing is published."""

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from diseases.models import Disease, Symptom
from editorial.jobs import JobTask, Work, register_work
from editorial.models import JobItem
from editorial.seen import token_of
from publishing.verbs import lock, save_edition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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


def items_of_symptoms(symptoms: QuerySet[Symptom]) -> list[JobItem]:
    """Returns the items of work, one for each disease, with what the person sees of its symptoms."""
    columns = symptoms.order_by("disease_id").values_list("disease_id", "pk", "term", "frequency", "aspect", "hpo_id")
    return [
        JobItem(kind=Disease.KIND, subject_id=disease, rows={str(pk): token_of(seen) for _disease, pk, *seen in rows})
        for disease, rows in groupby(columns, key=itemgetter(0))
    ]


def _work(name: str, label: "StrOrPromise", change: _Change) -> Work:
    """Registers a change of symptoms, all those of one disease or none where its page cannot hold them.

    Symptoms that are no longer as the person saw them stay as they are.
    """

    def step(task: JobTask) -> str:
        disease = lock(Disease, task.subject.pk)
        symptoms = Symptom.objects.filter(disease=disease, pk__in=task.rows)
        now = {pk: token for item in items_of_symptoms(symptoms) for pk, token in item.rows.items()}
        same = [pk for pk, token in now.items() if task.rows[pk] == token]
        for symptom in symptoms.exclude(pk__in=same):
            task.refusals.append(_("“%(name)s” was changed in the meantime.") % {"name": symptom})
        count, note = change(symptoms.filter(pk__in=same))
        if count:
            save_edition(disease, task.by, note, task.origin)
        return note

    return register_work(Work(name, label, "change", step))


APPROVE_SYMPTOMS = _work("approve symptoms", gettext_lazy("Approve symptoms"), _approve)
UNAPPROVE_SYMPTOMS = _work("unapprove symptoms", gettext_lazy("Remove the approval of symptoms"), _unapprove)
DELETE_SYMPTOMS = _work("delete symptoms", gettext_lazy("Delete symptoms"), _delete)
