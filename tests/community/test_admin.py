"""Portraits in the admin: sending a picture, the consent, and every step that needs it."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from community.models import Picture, Portrait
from publishing.models import Edition
from publishing.verbs import save_edition
from tests.factories import make_disease, make_editor, make_picture, make_portrait, make_publisher, make_user
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

ADD = "admin:community_portrait_add"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


def url(step, portrait):
    return reverse(f"admin:community_portrait_{step}", args=[portrait.pk])


@pytest.fixture
def editor(client):
    user = make_editor()
    client.force_login(user)
    return user


@pytest.fixture
def publisher(client):
    user = make_publisher()
    client.force_login(user)
    return user


def a_file(content=None, name="anna.jpg", size=(900, 600)):
    if content is None:
        file = io.BytesIO()
        Image.new("RGB", size, "teal").save(file, "JPEG")
        content = file.getvalue()
    return SimpleUploadedFile(name, content)


FILLED = {
    "name": "Anna",
    "relation": "mother of a girl with Marfan syndrome",
    "words": "We laugh a lot.",
    "consent_on": "2026-05-03",
    "consent_note": "By letter, in the green folder.",
}


def form_of(client, address, **changes):
    return fields_of(client.get(address).text, "portrait_form") | changes


def errors_of(response):
    return re.findall(r'<ul class="errorlist"[^>]*><li>(.*?)</li>', response.text)


def test_a_portrait_is_written_with_its_picture_and_previewed(client, editor):
    disease = make_disease()
    posted = form_of(client, reverse(ADD), **FILLED, disease=str(disease.pk), alternative="Anna laughs", _preview="1")

    response = client.post(reverse(ADD), posted | {"picture-file": a_file()}, follow=True)

    portrait = Portrait.objects.get()
    picture = portrait.picture
    assert (picture.width, picture.height) == (480, 320)
    assert (portrait.disease, portrait.alternative) == (disease, "Anna laughs")
    assert "Not public." in response.text
    shown = re.search(r'<img src="([^"]+)" alt="Anna laughs" width="480" height="320">', response.text)[1]
    assert shown.startswith("/admin/")
    assert client.get(shown).content == bytes(picture.content)
    assert client.get(f"/pictures/{picture.pk}.webp").status_code == 404


def test_a_picture_without_a_description_is_an_error_and_the_picture_is_kept(client, editor):
    posted = form_of(client, reverse(ADD), **FILLED)

    response = client.post(reverse(ADD), posted | {"picture-file": a_file()})

    assert errors_of(response) == ["Describe the picture for readers who cannot see it."]
    assert not Portrait.objects.exists()
    again = fields_of(response.text, "portrait_form")
    assert {name: again[name] for name in FILLED} == FILLED
    assert again["picture"] == Picture.objects.get().pk
    client.post(reverse(ADD), again | {"alternative": "Anna laughs", "picture-file": ""})
    assert Portrait.objects.get().picture == Picture.objects.get()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "cannot be read as a picture"),
        (HEIC, "HEIC"),
        (b"\xff\xd8\xff\xe0 broken", "cannot be read as a picture"),
    ],
)
def test_a_file_that_is_no_picture_is_named_and_nothing_typed_is_lost(client, editor, content, words):
    portrait = make_portrait(picture=make_picture(), alternative="Anna laughs")
    posted = form_of(client, url("change", portrait), words="Typed.")

    response = client.post(url("change", portrait), posted | {"picture-file": a_file(content)})

    assert len(errors_of(response)) == 1
    assert words in errors_of(response)[0]
    again = fields_of(response.text, "portrait_form")
    assert (again["words"], again["picture"]) == ("Typed.", portrait.picture_id)
    portrait.refresh_from_db()
    assert portrait.words != "Typed."


def test_a_picture_stays_is_replaced_and_is_removed(client, editor):
    portrait = make_portrait(picture=make_picture(), alternative="Anna laughs")
    first = portrait.picture_id

    client.post(url("change", portrait), form_of(client, url("change", portrait), words="Other."))
    portrait.refresh_from_db()
    assert (portrait.words, portrait.picture_id) == ("Other.", first)

    posted = form_of(client, url("change", portrait)) | {"picture-file": a_file()}
    client.post(url("change", portrait), posted)
    portrait.refresh_from_db()
    assert portrait.picture_id not in (first, None)

    client.post(url("change", portrait), form_of(client, url("change", portrait)) | {"picture-remove": "on"})
    portrait.refresh_from_db()
    assert portrait.picture_id is None


def test_saving_without_a_change_keeps_no_new_edition(client, editor):
    portrait = make_portrait(picture=make_picture(), alternative="Anna laughs")
    version = portrait.version

    client.post(url("change", portrait), form_of(client, url("change", portrait)))

    portrait.refresh_from_db()
    assert (Edition.objects.count(), portrait.version) == (1, version)


def test_a_picture_that_is_gone_is_asked_for_again(client, editor):
    posted = form_of(client, reverse(ADD), **FILLED, alternative="x", picture="0" * 64)

    assert errors_of(client.post(reverse(ADD), posted)) == [
        "The picture is no longer stored. Please choose the file again."
    ]


def test_a_conflicting_save_keeps_the_new_picture_and_shows_what_was_saved(client, editor):
    portrait = make_portrait()
    posted = form_of(client, url("change", portrait), alternative="Anna laughs")
    portrait.words = "Saved meanwhile."
    portrait.save()
    save_edition(portrait, by="somebody")

    response = client.post(url("change", portrait), posted | {"picture-file": a_file()})

    again = fields_of(response.text, "portrait_form")
    assert response.status_code == 409
    assert (again["words"], again["picture"]) == ("Saved meanwhile.", Picture.objects.get().pk)
    client.post(url("change", portrait), again)
    portrait.refresh_from_db()
    assert (portrait.words, portrait.picture) == ("Saved meanwhile.", Picture.objects.get())


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"consent_note": ""}, "Write how the person gave consent, and where the proof is kept."),
        ({"consent_on": "2999-01-01"}, "This day is in the future."),
        ({"relation": ""}, "This field is required."),
        ({"words": ""}, "This field is required."),
    ],
)
def test_the_form_asks_for_what_is_missing(client, editor, changes, error):
    assert errors_of(client.post(reverse(ADD), form_of(client, reverse(ADD), **FILLED) | changes)) == [error]


def test_the_form_clears_the_consent_of_a_draft_but_not_of_a_portrait_that_was_live(client, editor):
    draft, live = make_portrait(live=False), make_portrait()
    save_edition(draft, by="test")
    for portrait in [draft, live]:
        response = client.post(url("change", portrait), form_of(client, url("change", portrait), consent_on=""))
        portrait.refresh_from_db()

    assert (draft.consent_on, str(live.consent_on)) == (None, "2026-05-03")
    assert "choose “Consent withdrawn…”" in response.text


def test_publishing_without_a_consent_is_refused_on_its_page_and_in_the_list(client, publisher):
    with_, without = make_portrait(live=False), make_portrait(live=False, consent_on=None, name="Nobody")
    save_edition(without, by="test")

    page = client.get(url("publish", without))
    refused = client.post(url("publish", without), fields_of(page.text))
    chosen = {"action": "publish_many", "_selected_action": [with_.pk, without.pk]}
    many = client.post(reverse("admin:community_portrait_changelist"), chosen)
    client.post(reverse("admin:community_portrait_changelist"), fields_of(many.text) | chosen)

    sentence = "There is no recorded consent of Nobody. A portrait cannot be published without consent."
    assert [sentence in response.text for response in [page, refused, many]] == [True] * 3
    assert [edition.title for edition in Edition.objects.live()] == [with_.name]


def test_an_editor_removes_everything_in_one_step(client, editor):
    portrait = make_portrait(name="Zebramarker", picture=make_picture(), alternative="Zebramarker laughs")
    page = client.get(url("consent", portrait))

    done = client.post(url("consent", portrait), fields_of(page.text), follow=True)

    assert "cannot be undone" in page.text
    assert "The name, the words and the picture are removed for good." in done.text
    assert "Zebramarker" not in done.text
    assert "Zebramarker" not in client.get(url("history", portrait)).text
    assert not Picture.objects.exists()
    assert client.get(Portrait.url_of(portrait.slug)).status_code == 410


def test_without_the_permission_there_is_neither_step_nor_picture(client):
    portrait = make_portrait(picture=make_picture(), alternative="A picture")
    address = reverse("admin:community_portrait_picture", args=[portrait.picture_id])
    assert client.get(address).status_code == 302
    client.force_login(make_user(is_staff=True))

    assert client.get(address).status_code == 403
    assert client.post(url("consent", portrait)).status_code == 403
    assert Edition.objects.live().exists()


def test_the_list_says_who_has_no_consent(client, editor):
    make_portrait(name="Anna")
    make_portrait(live=False, name="Berta", consent_on=None)

    text = client.get(reverse("admin:community_portrait_changelist") + "?consent_on__isempty=1").text

    assert ("Berta" in text, "Anna" in text) == (True, False)
