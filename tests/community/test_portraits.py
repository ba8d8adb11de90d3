"""Portraits as readers see them: where they are shown, and never without a recorded consent."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from pydantic import ValidationError

from community.models import Picture, Portrait
from community.values import PictureValue, PortraitPage
from diseases.models import Disease
from publishing.indexing import index_live_pages, is_indexed
from publishing.models import Address, Edition, Event, Link, State
from publishing.restoring import restore
from publishing.trash import prune_files, untrash
from publishing.verbs import PublishingError, forget, publish, save_edition, submit, withdraw
from search.models import IndexEntry
from tests.factories import (
    make_disease,
    make_editor,
    make_picture,
    make_portrait,
    make_portraits,
    make_publisher,
    make_user,
    put_live,
)
from tests.test_site import sweep
from website import sitemaps

pytestmark = [pytest.mark.django_db, pytest.mark.database]

MARK = "Zebramarker"
REASON = "We show a person only as long as the person agrees."


def address_of(subject):
    return type(subject).url_of(subject.slug)


def picture_address(picture):
    return f"/pictures/{picture.pk}.webp"


def make_marked(**fields):
    """Returns a portrait with the marker in every text and with two editions."""
    marked = {name: f"{MARK} {name}" for name in ["name", "relation", "words", "alternative", "consent_note"]}
    portrait = make_portrait(live=False, picture=make_picture("red"), staff_notes=f"{MARK} notes", **marked | fields)
    first = save_edition(portrait, by="test", note=f"{MARK} note")
    submit(first, by=make_editor(), note=f"{MARK} to the publishers")
    publish(first, by=make_publisher(), note=f"{MARK} to readers")
    portrait.words, portrait.picture = f"{MARK} words, changed", make_picture("blue")
    portrait.save()
    publish(save_edition(portrait, by="test"), by=make_publisher(), note=f"{MARK} once more")
    LogEntry.objects.create(
        user=make_editor(), content_type_id=content_type(), object_id=portrait.pk, object_repr=MARK, action_flag=CHANGE
    )
    portrait.refresh_from_db()
    return portrait


def content_type():
    return apps.get_model("contenttypes", "ContentType").objects.get_for_model(Portrait).pk


def everything_stored():
    """Returns the content of all tables of the database as one text."""
    return json.dumps([list(model._base_manager.values()) for model in apps.get_models()], default=str)


def public_text():
    found = sweep(["/", "/community/", "/changes/", "/search/?q=zebra", "/diseases/", "/organizations/"])
    return {address: page.text for address, page in found.items() if MARK.lower() in page.text.lower()}


# Where they are shown


def test_a_live_portrait_is_shown_on_its_page_the_communitys_the_diseases_and_at_home(client):
    disease = make_disease(name="Marfan syndrome")
    picture = make_picture()
    portrait = make_portrait(name="Anna", words="We laugh a lot.", disease=disease, picture=picture, alternative="Anna")

    texts = {address: client.get(address).text for address in [address_of(portrait), "/community/", "/"]}
    about = client.get(address_of(disease)).text

    for text in [*texts.values(), about]:
        assert "We laugh a lot." in text
        assert f'src="{picture_address(picture)}" alt="Anna" width="60" height="40"' in text
    assert all("Marfan syndrome" in text for text in texts.values())
    assert "3 May 2026" in texts[address_of(portrait)]
    assert "By letter." not in str([texts, about])


def test_a_disease_shows_the_newest_three_of_its_own_people_and_leads_to_the_others(client):
    disease, other = make_disease(), make_disease()
    people = [make_portrait(disease=disease) for _ in range(4)]
    stranger = make_portrait(disease=other)

    text = client.get(address_of(disease)).text
    all_of_them = client.get(f"/community/?disease={disease.slug}").text

    assert [person.name in text for person in [*people, stranger]] == [False, True, True, True, False]
    assert f'href="/community/?disease={disease.slug}"' in text
    assert [person.name in all_of_them for person in [*people, stranger]] == [True] * 4 + [False]


@pytest.mark.parametrize("query", ["no-such", "a b", "%00", "é", ""])
def test_an_unknown_disease_does_not_filter_the_portraits(client, query):
    portrait = make_portrait()

    response = client.get(f"/community/?disease={query}")

    assert (response.status_code, portrait.name in response.text) == (200, True)


@pytest.mark.parametrize("count", [1, 2])
def test_no_address_contains_the_name_of_a_person(count):
    addresses = [portrait.slug for portrait in make_portraits(count, name="Anna Berg")]

    assert [address for address in addresses if "anna" in address or "berg" in address] == []
    assert len({*addresses}) == count


def test_long_lists_are_paged(client):
    people = make_portraits(25)

    first, second = client.get("/community/").text, client.get("/community/?page=2").text

    assert (people[24].name in first, people[0].name in first) == (True, False)
    assert people[0].name in second


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_portraits(client, django_assert_num_queries, count):
    disease = make_disease()
    for number in range(count):
        make_portrait(disease=disease, picture=make_picture(size=(40 + number, 40)), alternative="A picture")
    client.get("/")
    page, picture = address_of(Portrait.objects.first()), picture_address(Picture.objects.first())

    with django_assert_num_queries(4):  # how many, the page, their diseases by address
        client.get("/community/")
    with django_assert_num_queries(3):  # the page, its disease by address
        client.get(page)
    with django_assert_num_queries(7):  # the page, which diseases have portraits, its portraits, their disease
        client.get(address_of(disease))
    with django_assert_num_queries(6):  # the version for both counts, the recent ones, the portraits, their diseases
        client.get("/")
    with django_assert_num_queries(2):  # whether it is shown, the picture
        client.get(picture)


def test_a_portrait_has_addresses_as_every_kind_has(client):
    portrait = make_portrait(slug="before", name="Anna")
    portrait.slug, portrait.words = "after", "Other words."
    portrait.save()
    publish(save_edition(portrait, by="test"), by=make_publisher(), note="Anna says it otherwise.")

    moved, changes = client.get("/community/before/"), client.get("/community/after/changes/").text
    withdraw(portrait, by=make_publisher(), reason="She moved on.")
    gone = client.get("/community/after/")

    assert (moved.status_code, moved["Location"]) == (301, "/community/after/")
    assert "Anna says it otherwise." in changes
    assert (gone.status_code, "She moved on." in gone.text) == (410, True)
    assert "Anna" not in client.get("/").text


def test_an_address_does_not_contain_the_name():
    portrait = make_portrait(name="Anna")

    assert "anna" not in portrait.slug
    assert make_portrait(name="Anna").slug != portrait.slug


def test_the_search_does_not_find_portraits(client):
    make_disease()
    make_portrait(name="Findme")

    assert IndexEntry.objects.count() == 1
    assert "Findme" not in client.get("/search/?q=find").text
    index_live_pages()
    assert (IndexEntry.objects.count(), is_indexed()) == (1, True)


# Without a community, without anybody


@pytest.mark.parametrize("name", ["", "RareGuru"])
def test_without_portraits_no_page_mentions_them(client, settings, name):
    settings.COMMUNITY_NAME, settings.COMMUNITY_APP_URL, settings.COMMUNITY_JOIN_URL = name, "", ""
    disease = make_disease()
    make_portrait(live=False, disease=disease)

    texts = [client.get(address).text for address in ["/", address_of(disease)]]

    assert [text for text in texts if "community" in text.lower() or "People with rare" in text] == []
    assert client.get("/community/").status_code == 404


def test_without_a_community_the_portraits_are_reached_from_home(client, settings):
    settings.COMMUNITY_NAME = ""
    for _ in range(4):
        make_portrait()

    home, listed = client.get("/").text, client.get("/community/")

    assert "<h2" in home
    assert "People with rare diseases" in home
    assert 'href="/community/"' in home
    assert (listed.status_code, "RareGuru" in listed.text) == (200, False)


# Consent


def test_without_a_consent_nobody_is_published_or_shown_anywhere(client):
    disease = make_disease()
    portrait = make_portrait(
        live=False, consent_on=None, name=f"{MARK} name", words=f"{MARK} words", disease=disease,
        picture=make_picture(), alternative=f"{MARK} picture",
    )  # fmt: skip
    edition = save_edition(portrait, by="test", note=f"{MARK} note")
    submit(edition, by=make_editor(), note=f"{MARK} handed over")

    with pytest.raises(PublishingError, match="no recorded consent"):
        publish(edition, by=make_publisher())

    assert public_text() == {}
    assert client.get(address_of(portrait)).status_code == 404
    assert client.get(picture_address(portrait.picture)).status_code == 404


def test_neither_an_edition_from_before_the_consent_nor_one_from_before_it_was_cleared_goes_live():
    portrait = make_portrait(live=False, consent_on=None)
    before = save_edition(portrait, by="test")
    Portrait.objects.filter(pk=portrait.pk).update(consent_on=date(2026, 5, 3))
    portrait.refresh_from_db()
    given = save_edition(portrait, by="test")

    with pytest.raises(PublishingError, match="no recorded consent"):
        publish(before, by=make_publisher())
    Portrait.objects.filter(pk=portrait.pk).update(consent_on=None)
    with pytest.raises(PublishingError, match="no recorded consent"):
        publish(given, by=make_publisher())
    restore(given, by="test")
    portrait.refresh_from_db()
    assert portrait.consent_on is None


def test_going_back_to_an_older_edition_keeps_todays_consent():
    portrait = make_portrait(words="First words.")
    first = Edition.objects.about(portrait).get()
    portrait.words, portrait.consent_on = "Second words.", date(2026, 6, 1)
    portrait.save()
    save_edition(portrait, by="test")

    restore(first, by="test")

    portrait.refresh_from_db()
    assert (portrait.words, portrait.consent_on) == ("First words.", date(2026, 6, 1))


def test_a_withdrawn_consent_removes_every_word_and_picture(client):
    disease = make_disease()
    portrait = make_marked(disease=disease)
    pictures = [picture_address(picture) for picture in Picture.objects.all()]
    assert len(pictures) == 2
    assert len(public_text()) > 4
    assert MARK in everything_stored()
    editor = make_editor()

    forget(portrait, by=editor, reason=REASON)

    portrait.refresh_from_db()
    assert MARK not in everything_stored()
    assert public_text() == {}
    assert not Picture.objects.exists()
    assert not Link.objects.filter(edition__kind="portrait").exists()
    assert [client.get(address).status_code for address in pictures] == [404, 404]
    assert portrait.name == "Consent withdrawn"
    assert (portrait.consent_on, portrait.disease, portrait.picture) == (None, None, None)
    assert Portrait.objects.with_state().get().state == State.TRASHED
    for page in [address_of(portrait), f"{address_of(portrait)}changes/"]:
        gone = client.get(page)
        assert (gone.status_code, REASON in gone.text) == (410, True)
    assert "Portrait" in client.get(address_of(portrait)).text


def test_nothing_comes_back_after_a_withdrawn_consent():
    portrait, editor, publisher = make_marked(), make_editor(), make_publisher()
    forget(portrait, by=editor, reason=REASON)

    for edition in Edition.objects.about(portrait):
        with pytest.raises(PublishingError):
            publish(edition, by=publisher)
        with pytest.raises(PublishingError):
            restore(edition, by=publisher)
    untrash(portrait, by=publisher)
    portrait.refresh_from_db()
    with pytest.raises(PublishingError, match="no recorded consent"):
        publish(save_edition(portrait, by=publisher), by=publisher)


def test_only_users_who_may_change_a_portrait_may_withdraw_its_consent():
    portrait = make_portrait(words=f"{MARK} words")

    with pytest.raises(PermissionDenied):
        forget(portrait, by=make_user(is_staff=True), reason=REASON)

    assert Edition.objects.live().exists()
    forget(portrait, by=make_editor(), reason=REASON)
    assert not Edition.objects.live().exists()


def test_a_draft_is_forgotten_too(client):
    portrait = make_portrait(live=False, name=f"{MARK} name")
    save_edition(portrait, by="test")

    forget(portrait, by=make_editor(), reason=REASON)

    assert MARK not in everything_stored()
    assert client.get(address_of(portrait)).status_code == 404
    assert [event.verb for event in Event.objects.order_by("pk")] == ["redacted", "trashed"]


def test_what_was_withdrawn_before_is_forgotten_with_its_reason(client):
    portrait = make_portrait(name=f"{MARK} name")
    withdraw(portrait, by=make_publisher(), reason=f"{MARK} asked us to.")
    assert MARK in client.get(address_of(portrait)).text

    forget(portrait, by=make_editor(), reason=REASON)

    assert MARK not in everything_stored()
    assert (client.get(address_of(portrait)).status_code, public_text()) == (410, {})


def test_a_picture_that_somebody_else_is_shown_with_stays(client):
    together = make_picture("red")
    one, other = (make_portrait(picture=together, alternative="Both of us") for _ in range(2))

    forget(one, by=make_editor(), reason=REASON)

    assert client.get(picture_address(together)).status_code == 200
    forget(other, by=make_editor(), reason=REASON)
    assert not Picture.objects.exists()


def test_a_consent_is_not_in_the_future_and_a_picture_has_a_description():
    portrait = make_portrait(consent_on=timezone.localdate() + timedelta(days=2), live=False)

    with pytest.raises(Exception, match="in the future"):
        portrait.clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_portrait(picture=make_picture(), alternative="", live=False)
    with pytest.raises(ValidationError, match="is empty"):
        PictureValue(alternative=" ", digest="0" * 64, width=1, height=1)
    with pytest.raises(ValidationError, match="is not the digest"):
        PictureValue(alternative="x", digest="../../etc", width=1, height=1)


# Pictures


def test_a_picture_is_served_for_as_long_as_a_live_portrait_shows_it(client):
    old, new = make_picture("red"), make_picture("blue")
    portrait = make_portrait(picture=old, alternative="In red")
    shown = client.get(picture_address(old))

    assert shown.content == bytes(old.content)
    assert shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "private, max-age=3600"
    assert shown.cookies == {}
    assert client.get(picture_address(old), headers={"If-None-Match": shown["ETag"]}).status_code == 304

    portrait.picture, portrait.alternative = new, "In blue"
    portrait.save()
    edition = save_edition(portrait, by="test")
    assert [client.get(picture_address(picture)).status_code for picture in [old, new]] == [200, 404]
    publish(edition, by=make_publisher())
    assert [client.get(picture_address(picture)).status_code for picture in [old, new]] == [404, 200]
    withdraw(portrait, by=make_publisher(), reason="x")
    assert client.get(picture_address(new)).status_code == 404
    assert client.get("/pictures/" + "0" * 64 + ".webp").status_code == 404
    assert client.post(picture_address(new)).status_code == 405


def test_the_same_picture_twice_is_one_row():
    make_picture("red")
    make_picture("red")

    assert Picture.objects.count() == 1


def test_pictures_that_no_edition_shows_are_pruned():
    kept, unused = make_picture("red"), make_picture("blue")
    portrait = make_portrait(picture=kept, alternative="In red")
    portrait.words = "Other words."
    portrait.save()
    put_live(portrait)
    Portrait.objects.filter(pk=portrait.pk).update(picture=None, alternative="")  # its editions still show it
    out = StringIO()

    assert prune_files(dry_run=True) == 1
    call_command("prune_editions", stdout=out)

    assert "1 pictures that no edition shows deleted." in out.getvalue()
    assert list(Picture.objects.all()) == [kept]
    assert unused.pk != kept.pk


def test_another_picture_described_alike_is_a_change_that_readers_are_told(client):
    portrait = make_portrait(picture=make_picture("red"), alternative="In the garden")
    portrait.picture = make_picture("blue")
    portrait.save()
    put_live(portrait)

    text = client.get(f"{address_of(portrait)}changes/").text

    assert "Picture:" in text
    assert text.count("In the garden") == 1


# In and out


def test_portraits_are_dumped_and_loaded_with_their_pictures(client, tmp_path):
    publisher = make_publisher(username="publisher")
    disease = make_disease(slug="here")
    portrait = make_portrait(disease=disease, picture=make_picture("red"), alternative="In red")
    portrait.picture = make_picture("blue")
    portrait.save()
    save_edition(portrait, by="test")
    forget(make_portrait(), by=publisher, reason=REASON)
    file = tmp_path / "content.json"
    call_command("dump_content", str(file))
    before = file.read_bytes(), client.get(address_of(portrait)).text
    pictures = {picture.pk: bytes(picture.content) for picture in Picture.objects.all()}
    for model in [Link, Event, Edition, Address, Portrait, Picture, Disease]:
        model._base_manager.all().delete()

    call_command("load_content", str(file), "--by", "publisher", "--publish", stdout=StringIO())

    call_command("dump_content", str(file))
    assert {picture.pk: bytes(picture.content) for picture in Picture.objects.all()} == pictures
    assert len(pictures) == 2
    assert client.get(address_of(portrait)).text == before[1]
    assert not Edition.objects.live().filter(title="Portrait").exists()
    records = [[json.loads(line) for line in text.splitlines()[1:]] for text in [before[0], file.read_bytes()]]
    assert [record for record in records[0] if record["state"] != "trashed"] == [
        record for record in records[1] if record["state"] != "trashed"
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda record: record.pop("files"), "lacks files that the pages show"),
        (lambda record: record["files"].append(record["files"][0]), "no page shows, or the same file twice"),
        (lambda record: record["files"][0].update(content="aGVsbG8="), "has another content than its digest says"),
        (lambda record: record["live"].pop("consent_on"), "no recorded consent"),
        (lambda record: record["live"]["picture"].pop("alternative"), "live.picture.alternative"),
    ],
)
def test_an_incomplete_portrait_is_not_loaded(tmp_path, change, reason):
    make_publisher(username="publisher")
    make_portrait(picture=make_picture(), alternative="A picture")
    file = tmp_path / "content.json"
    call_command("dump_content", str(file))
    for model in [Link, Event, Edition, Address, Portrait, Picture]:
        model._base_manager.all().delete()
    head, record = map(json.loads, file.read_text().splitlines())
    change(record)
    file.write_text(f"{json.dumps(head)}\n{json.dumps(record)}\n")

    with pytest.raises(Exception, match=reason):
        call_command("load_content", str(file), "--by", "publisher", "--publish", stdout=StringIO())

    assert (Portrait.objects.count(), Picture.objects.count()) == (0, 0)


def test_a_page_comes_back_from_its_content():
    page = make_portrait(picture=make_picture(), alternative="A picture").compose()

    assert PortraitPage.open(page.content(), 1) == page


def test_search_engines_are_told_not_to_index_portraits(client):
    portrait = make_portrait(disease=make_disease())
    address = reverse("community:detail", args=[portrait.slug])

    robots = [
        b'<meta name="robots" content="noindex">' in client.get(path).content for path in (address, "/community/")
    ]

    assert robots == [True, True]
    assert [part for part in sitemaps.sitemap_parts() if part[0] == "portrait"] == []
    assert client.get("/sitemap-portrait-1.xml").status_code == 404


def test_the_sites_changes_name_no_person(client):
    put_live(make_disease(name="Marfan syndrome"))
    make_portrait(name="Anna of the test")

    pages = [client.get(address).text for address in ("/changes/", "/feeds/changes.atom")]

    assert ["Marfan syndrome" in page for page in pages] == [True, True]
    assert ["Anna of the test" in page for page in pages] == [False, False]
