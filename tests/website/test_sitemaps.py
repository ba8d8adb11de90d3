"""The sitemap lists each live page once with the date of its last update, and nothing else."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from defusedxml import ElementTree
from django.db import connection
from django.test import Client

from diseases.models import Disease
from organizations.models import Organization
from publishing.models import Edition, kinds
from publishing.trash import trash
from publishing.verbs import publish, save_edition, withdraw
from tests.factories import make_disease, make_organization, make_publisher, put_live
from website import sitemaps

pytestmark = [pytest.mark.django_db, pytest.mark.database]
BASE = "http://testserver"
XML = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def read(path, client=None):
    """Returns the addresses of a sitemap, or of the list of its parts, each with its date."""
    response = (client or Client()).get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    entries = ElementTree.fromstring(response.content)
    return [(entry.findtext(f"{XML}loc"), entry.findtext(f"{XML}lastmod")) for entry in entries]


def path_of(url):
    assert url.startswith(f"{BASE}/")
    return url.removeprefix(BASE)


def listed():
    """Returns all pages of all parts."""
    return [entry for part, _changed in read("/sitemap.xml") for entry in read(path_of(part))]


def publish_all(subjects, by, start=datetime(2026, 5, 1, 12, tzinfo=UTC)):
    with time_machine.travel(start, tick=False) as clock:
        for subject in subjects:
            publish(save_edition(subject, by="test"), by=by)
            clock.shift(60)


def test_each_live_page_stands_in_it_once_with_its_date_and_no_other_does(monkeypatch):
    monkeypatch.setattr(sitemaps, "SUBJECTS_PER_PART", 10)
    publisher = make_publisher(is_superuser=True)
    subjects = [Disease.objects.create(name=f"Disease {n}") for n in range(46)]
    subjects += [Organization.objects.create(name=f"Organization {n}") for n in range(24)]
    publish_all(subjects, publisher)
    drafts = [Disease.objects.create(name="Draft"), Organization.objects.create(name="Draft")]
    for draft in drafts:
        save_edition(draft, by="test")
    withdrawn, trashed, moved, changed, retouched = subjects[7], subjects[12], subjects[19], subjects[20], subjects[21]
    withdraw(withdrawn, by=publisher, reason="Gone.")
    trash(trashed, by=publisher, reason="A mistake.")
    with time_machine.travel("2026-05-20 12:00Z", tick=False):
        moved.slug = "moved"
        moved.save()
        publish(save_edition(moved, by="test"), by=publisher)
        for subject, minor in [(changed, False), (retouched, True)]:
            subject.summary = "A few more words."
            subject.save()
            publish(save_edition(subject, by="test"), by=publisher, minor=minor)

    found = listed()

    live = Edition.objects.live()
    pages = [(url, changed) for url, changed in found if changed]
    assert Counter(url for url, _changed in found).most_common(1)[0][1] == 1
    assert len(pages) == live.count() == 68
    assert dict(pages) == {
        f"{BASE}{edition.get_absolute_url()}": edition.updated_at.isoformat(timespec="seconds") for edition in live
    }
    dates = dict(pages)
    assert dates[f"{BASE}/diseases/moved/"] == dates[f"{BASE}/diseases/disease-20/"] == "2026-05-20T12:00:00+00:00"
    assert dates[f"{BASE}/diseases/disease-21/"] < "2026-05-02"  # what is minor moves no date
    client = Client()
    assert [url for url, _changed in found[::3] if client.get(path_of(url)).status_code != 200] == []


def test_parts_are_small_and_a_page_stays_in_its_own(monkeypatch):
    monkeypatch.setattr(sitemaps, "SUBJECTS_PER_PART", 3)
    publisher = make_publisher()
    subjects = [Disease.objects.create(name=f"Disease {n}") for n in range(14)]
    publish_all(subjects, publisher)

    def places():
        parts = [path_of(url) for url, _changed in read("/sitemap.xml") if "disease" in url]
        return {page: part for part in parts for page, _changed in read(part)}

    before = places()
    sizes = Counter(before.values())
    for subject in subjects[:8:2]:
        withdraw(subject, by=publisher, reason="Gone.")
    put_live(Disease.objects.create(name="Aardvark disease"))
    after = places()

    assert max(sizes.values()) == 3
    assert len(sizes) in {5, 6}
    kept = before.keys() & after.keys()
    assert len(kept) == 14 - 4
    assert {page: before[page] for page in kept} == {page: after[page] for page in kept}


def test_the_list_has_the_date_of_the_last_publication_or_withdrawal_of_each_part(monkeypatch):
    publisher = make_publisher()
    subjects = [Disease.objects.create(name=f"Disease {n}") for n in range(2)]
    publish_all(subjects, publisher)
    client = Client()

    def changed():
        (entry,) = [entry for entry in read("/sitemap.xml") if "disease" in entry[0]]
        return entry[1], client.get(path_of(entry[0]))["Last-Modified"]

    assert changed() == ("2026-05-01T12:01:00+00:00", "Fri, 01 May 2026 12:01:00 GMT")

    with time_machine.travel("2026-05-09 12:00Z", tick=False):
        withdraw(subjects[0], by=publisher, reason="Gone.")
    assert changed() == ("2026-05-09T12:00:00+00:00", "Sat, 09 May 2026 12:00:00 GMT")

    withdraw(subjects[1], by=publisher, reason="Gone.")
    assert read("/sitemap.xml") == [(f"{BASE}/sitemap-pages.xml", None)]
    assert client.get("/sitemap-disease-1.xml").status_code == 404


def test_an_unchanged_part_is_not_sent_again():
    disease = make_disease()
    client = Client()
    part = f"/sitemap-disease-{disease.pk // sitemaps.SUBJECTS_PER_PART + 1}.xml"
    first = client.get(part)

    by_tag = client.get(part, headers={"If-None-Match": first["ETag"]})
    by_date = client.get(part, headers={"If-Modified-Since": first["Last-Modified"]})
    make_disease()
    again = client.get(part, headers={"If-None-Match": first["ETag"]})

    assert [by_tag.status_code, by_date.status_code, again.status_code] == [304, 304, 200]


@pytest.mark.parametrize("part", ["disease-0", "disease-999999999999999999999", "draft-1", "disease-x", "disease--1"])
def test_other_parts_do_not_exist(part):
    make_disease()

    assert Client().get(f"/sitemap-{part}.xml").status_code == 404


def test_every_kind_of_page_is_listed_and_the_fixed_pages_are():
    made = [make_disease(), make_organization()]
    assert {subject.KIND for subject in made} <= set(kinds())

    parts = [url for url, _changed in read("/sitemap.xml")]
    fixed = read("/sitemap-pages.xml")

    assert [url.rpartition("/")[2].split("-")[1] for url in parts] == ["pages.xml", "disease", "organization"]
    assert {f"{BASE}/about/", f"{BASE}/diseases/", f"{BASE}/organizations/"} <= {url for url, _changed in fixed}
    assert {changed for _url, changed in fixed} == {None}  # their dates are not known
    assert [url for url, _changed in fixed if Client().get(path_of(url)).status_code != 200] == []


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_pages(django_assert_num_queries, monkeypatch, count):
    monkeypatch.setattr(sitemaps, "SUBJECTS_PER_PART", 2)
    disease = [make_disease() for _ in range(count)][-1]
    part = f"/sitemap-disease-{disease.pk // 2 + 1}.xml"
    client = Client()

    with django_assert_num_queries(4):  # the public version, the changes, the parts, the public version again
        client.get("/sitemap.xml")
    with django_assert_num_queries(2):  # the public version, the pages
        client.get(part)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads the table itself while it is small")
def test_the_database_reads_a_part_from_the_index_only():
    live = Edition.objects.of(Disease).live().filter(subject_id__gte=0, subject_id__lt=5000)

    plan = live.order_by("subject_id").values_list("slug", "updated_at").explain()

    assert "USING COVERING INDEX live_by_subject" in plan
    assert "TEMP B-TREE" not in plan
