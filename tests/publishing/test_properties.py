"""After any sequence of acts, the public sees only what was published, and no edition has changed."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diseases.models import Disease
from publishing.addresses import Gone, look_up
from publishing.models import Edition
from publishing.restoring import restore
from publishing.trash import trash, untrash
from publishing.verbs import PublishingError, publish, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_publisher, make_question

pytestmark = [pytest.mark.django_db, pytest.mark.database]

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)
number = st.integers(0, 5)
operation = st.one_of(
    st.tuples(st.just("summary"), words),
    st.tuples(st.just("rename"), words),
    st.tuples(st.just("answer"), number, words),
    st.tuples(st.just("question"), words),
    st.tuples(st.just("delete"), number),
    st.tuples(st.just("move"), number, number),
    st.tuples(st.just("synonyms"), number, words),
    st.tuples(st.sampled_from(["save", "publish", "withdraw", "trash", "untrash", "support"])),
    st.tuples(st.sampled_from(["publish old", "restore"]), number),
)


class Site:
    """One disease, and the page that readers must see of it."""

    def __init__(self):
        self.publisher = make_publisher()
        self.organization = make_organization()
        self.disease = make_disease(live=False, questions=2)
        self.published = None
        self.first_contents = {}

    def edition(self, number):
        editions = list(Edition.objects.about(self.disease).order_by("number"))
        return editions[number % len(editions)] if editions else None

    def row(self, rows, number):
        found = list(rows.all())
        return found[number % len(found)] if found else None

    def take(self, name, *values):
        self.disease = Disease.objects.get(pk=self.disease.pk)
        getattr(self, name.replace(" ", "_"))(*values)

    def summary(self, text):
        self.disease.summary = text
        self.disease.save()

    def rename(self, text):
        self.disease.name, self.disease.slug = text, ""
        self.disease.save()

    def answer(self, number, text):
        question = self.row(self.disease.questions, number)
        if question:
            question.answer = text
            question.save()

    def question(self, text):
        make_question(self.disease, question=text)

    def delete(self, number):
        question = self.row(self.disease.questions, number)
        if question:
            question.delete()

    def move(self, number, place):
        question = self.row(self.disease.questions, number)
        if question:
            question.position = place
            question.save()

    def synonyms(self, number, text):
        row = self.row(self.disease.synonyms, number)
        if row and not self.disease.synonyms.filter(text=text).exists():
            row.text = text
            row.save()

    def support(self):
        self.disease.supports.get_or_create(organization=self.organization)

    def save(self):
        save_edition(self.disease, by="test")

    def publish(self):
        self.go_live(save_edition(self.disease, by="test"))

    def publish_old(self, number):
        edition = self.edition(number)
        if edition:
            self.go_live(edition)

    def go_live(self, edition):
        self.published = publish(edition, by=self.publisher).page

    def withdraw(self):
        withdraw(self.disease, by=self.publisher, reason="Gone")
        self.published = None

    def trash(self):
        trash(self.disease, by=self.publisher, reason="Twice")
        self.published = None

    def untrash(self):
        untrash(self.disease, by=self.publisher)

    def restore(self, number):
        edition = self.edition(number)
        if edition:
            assert restore(edition, by="test").page == edition.page
            assert Disease.objects.get(pk=self.disease.pk).compose() == edition.page

    def check(self):
        editions = list(Edition.objects.about(self.disease))
        live = [edition for edition in editions if edition.is_live]
        assert [edition.page for edition in live] == ([self.published] if self.published else [])
        for edition in editions:
            content = self.first_contents.setdefault(edition.pk, (edition.number, edition.digest, edition.content))
            assert (edition.number, edition.digest, edition.content) == content
        if self.published:
            assert look_up(Disease, self.published.slug).page == self.published
        else:
            former = {edition.slug for edition in editions if edition.published_at}
            assert all(isinstance(look_up(Disease, slug), Gone) for slug in former)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(operation, max_size=12))
def test_any_sequence_of_acts_keeps_the_rules(operations):
    with transaction.atomic():
        site = Site()
        for step in operations:
            try:
                with transaction.atomic():
                    site.take(*step)
            except PublishingError:
                pass  # it had no effect, and the check below must hold after it too
            site.check()
        transaction.set_rollback(True)
