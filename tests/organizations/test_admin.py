"""Organizations in the admin: duplicates, where one is used, "details checked today", and merging."""

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from diseases.models import Disease, Support
from organizations.merging import MergePlan, MergeRefused
from organizations.merging import merge as merge_rows
from organizations.models import Organization
from publishing.models import Edition, Event
from publishing.trash import trash
from tests.factories import make_disease, make_editor, make_organization, make_publisher, make_user, put_live
from tests.forms import fields_of
from tests.publishing.test_concurrency import at_once
from tests.queries import queries_of

pytestmark = pytest.mark.django_db

CHANGELIST = "admin:organizations_organization_changelist"


def url(step, organization, *arguments):
    return reverse(f"admin:organizations_organization_{step}", args=[organization.pk, *arguments])


def sign_in(client, user):
    client.force_login(user)
    return user


def make_distinct(n, **fields):
    """An organization that shares nothing with the others."""
    return make_organization(**{"phone": "", "website": f"https://www.example-{n}.org/"} | fields)


def merge(client, organization, survivor):
    page = client.get(url("merge_into", organization, survivor.pk))
    return client.post(url("merge_into", organization, survivor.pk), fields_of(page.text), follow=True)


def supports(disease):
    return list(disease.supports.values_list("key", "organization", "position", "note"))


def editions(subject):
    return list(Edition.objects.about(subject).order_by("number"))


def may(user, *names):
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return user


# Likely duplicates


def test_the_change_form_names_likely_duplicates_and_what_they_share(client):
    sign_in(client, make_editor())
    one = make_organization(name="Liver Families", phone="217-555-0100", website="https://liver.example.org")
    same = make_organization(
        live=False, name="liver families", phone="+1 217 555 0100", website="http://www.liver.example.org/"
    )
    website = make_organization(name="Other Name", phone="", website="https://liver.example.org/")
    trashed = make_organization(name="Liver Families", phone="")
    trash(trashed, make_publisher(), "Entered twice")
    make_distinct(1)

    page = client.get(url("change", one))

    assert page.context["duplicates"] == [
        (same, url("change", same), "draft", ["the same name", "the same telephone or fax number", "the same website"]),
        (website, url("change", website), "live", ["the same website"]),
    ]
    assert f'<a href="{url("change", same)}">liver families</a>' in page.text
    assert "the same name, the same telephone or fax number, the same website" in page.text


def test_an_organization_without_duplicates_shows_no_empty_list(client):
    sign_in(client, make_editor())
    organization = make_distinct(1)
    make_distinct(2)

    text = client.get(url("change", organization)).text

    assert "Likely duplicates" not in text
    assert "No page names it yet." in text


def test_organizations_that_lead_to_the_same_successor_are_not_duplicates(client):
    sign_in(client, make_editor())
    survivor, former, older, fresh = (make_organization(phone="", website="https://one.example.org") for _ in range(4))
    Organization.objects.filter(pk=former.pk).update(status="renamed", successor=survivor)
    Organization.objects.filter(pk=older.pk).update(status="renamed", successor=former)

    assert [row for row, *_ in client.get(url("change", older)).context["duplicates"]] == [fresh]
    Organization.objects.filter(pk=fresh.pk).update(status="merged", successor=survivor)
    assert client.get(url("change", older)).context["duplicates"] == []
    assert not client.get(reverse(CHANGELIST), {"duplicates": "yes"}).context["cl"].result_list


def test_the_list_can_show_only_those_with_likely_duplicates(client):
    sign_in(client, make_editor())
    one, other = (make_organization(name="Liver Families", phone="") for _ in range(2))
    alone = make_distinct(1)
    trashed = make_organization(name=alone.name, phone="")
    trash(trashed, make_publisher(), "Entered twice")

    filtered = client.get(reverse(CHANGELIST), {"duplicates": "yes"}).context["cl"].result_list
    everything = client.get(reverse(CHANGELIST)).context["cl"].result_list

    assert {row.pk for row in filtered} == {one.pk, other.pk}
    assert {row.pk for row in everything} == {one.pk, other.pk, alone.pk}


@pytest.mark.database
def test_duplicates_and_uses_need_no_query_each(client):
    sign_in(client, make_editor())
    organization = make_organization()

    def look():
        return client.get(url("change", organization)), client.get(reverse(CHANGELIST), {"duplicates": "yes"})

    needed = []
    for count in [1, 3]:
        while Disease.objects.count() < count:
            make_disease(organizations=[make_organization(), organization])
        needed.append(queries_of(look))
        page, listed = look()
        for shown in ["duplicates", "live_pages", "saved_subjects"]:
            assert len(page.context[shown]) + page.context[f"more_{shown}"] == count
        assert len(listed.context["cl"].result_list) == count + 1

    assert needed[0] == needed[1] <= 24 + 14


# Where it is used


def test_the_change_form_shows_where_an_organization_is_used(client):
    sign_in(client, make_editor())
    organization = make_organization()
    live, draft = make_disease(organizations=[organization]), make_disease(live=False, organizations=[organization])
    no_more = make_disease(organizations=[organization])
    no_more.supports.all().delete()
    make_disease(organizations=[make_distinct(1)])
    former = make_distinct(2, live=False, status="renamed", successor=organization)

    page = client.get(url("change", organization))

    assert {edition.title for edition in page.context["live_pages"]} == {live.name, no_more.name}
    assert page.context["saved_subjects"] == [
        (former, url("change", former)),
        (live, reverse("admin:diseases_disease_change", args=[live.pk])),
        (draft, reverse("admin:diseases_disease_change", args=[draft.pk])),
    ]
    assert f'href="{live.url_of(live.slug)}"' in page.text


def test_drafts_are_named_only_to_those_who_may_see_them(client):
    organization = make_organization()
    make_disease(live=False, name="The Secret Draft", organizations=[organization])
    sign_in(client, may(make_user(is_staff=True), "view_organization"))

    page = client.get(url("change", organization))

    assert page.status_code == 200
    assert "The Secret Draft" not in page.text
    assert url("merge", organization) not in page.text
    assert url("checked", organization) not in page.text


def test_the_form_for_a_new_organization_has_none_of_this(client):
    sign_in(client, make_editor())

    text = client.get(reverse("admin:organizations_organization_add")).text

    assert "Where it is used" not in text


# Details checked today


@time_machine.travel("2026-03-01T23:30:00Z", tick=False)
def test_details_checked_today_saves_the_local_day_and_a_name(client, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    editor = sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization = make_organization()

    page = client.get(url("checked", organization))
    assert fields_of(page.text)["checked_by"] == "Ada Lovelace"
    assert "217-555-0100" in page.text
    assert len(editions(organization)) == 1
    client.post(url("checked", organization), fields_of(page.text) | {"checked_by": "Ada Lovelace, librarian"})

    before, after = editions(organization)
    assert (after.page.checked_on.isoformat(), after.page.checked_by) == ("2026-03-02", "Ada Lovelace, librarian")
    assert (after.by, after.is_live, before.is_live) == (editor, False, True)
    assert after.page.model_copy(update={"checked_on": None, "checked_by": ""}) == before.page
    organization.refresh_from_db()
    assert organization.saved_by == "Ada Lovelace"


def test_a_second_click_on_the_same_day_changes_nothing(client):
    sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization = make_organization()
    fields = fields_of(client.get(url("checked", organization)).text)

    client.post(url("checked", organization), fields)
    before = Organization.objects.values().get()
    again = client.post(url("checked", organization), fields)

    assert again.status_code == 302
    assert Organization.objects.values().get() == before
    assert len(editions(organization)) == 2


def test_a_check_needs_a_name(client):
    sign_in(client, make_editor(first_name="", last_name=""))
    organization = make_organization()
    fields = fields_of(client.get(url("checked", organization)).text)
    before = Organization.objects.values().get()

    answers = [client.post(url("checked", organization), fields | {"checked_by": name}) for name in ["", "  "]]

    assert fields["checked_by"] == ""
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "This field is required." in answers[0].text
    assert Organization.objects.values().get() == before


def test_details_that_changed_meanwhile_are_not_marked_as_checked(client):
    sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization = make_organization()
    fields = fields_of(client.get(url("checked", organization)).text) | {"checked_by": "Ada, librarian"}
    organization.phone = "217-555-0199"
    organization.save()

    refused = client.post(url("checked", organization), fields)

    assert "Somebody else saved this after you opened the form" in refused.text
    assert "217-555-0199" in refused.text
    organization.refresh_from_db()
    assert organization.checked_on is None
    assert fields_of(refused.text)["checked_by"] == "Ada, librarian"
    client.post(url("checked", organization), fields_of(refused.text))
    organization.refresh_from_db()
    assert organization.checked_by == "Ada, librarian"


def test_a_check_that_no_page_can_hold_saves_nothing(client):
    sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization = make_organization()
    Organization.objects.update(website="gopher://example.org/")
    before = Organization.objects.values().get()

    refused = client.post(url("checked", organization), fields_of(client.get(url("checked", organization)).text))

    assert "The page cannot hold this." in refused.text
    assert Organization.objects.values().get() == before


# Merging


@pytest.mark.database
def test_a_merge_moves_supports_and_leads_on_to_the_survivor(client):
    editor = sign_in(client, make_editor(first_name="Ada", last_name="Lovelace"))
    organization, survivor = make_organization(name="Old Entry"), make_organization(name="New Entry")
    third = make_organization()
    disease = make_disease(organizations=[third, organization])
    untouched = make_disease(organizations=[survivor, third])
    (first, second), before = supports(disease), Disease.objects.values().get(pk=untouched.pk)

    chosen = client.post(url("merge", organization), {"survivor": survivor.pk})
    page = client.get(chosen.url)
    assert supports(disease) == [first, second]
    client.post(chosen.url, fields_of(page.text))

    assert supports(disease) == [first, (second[0], survivor.pk, second[2], second[3])]
    old, new = editions(disease)
    assert (new.by, new.note, new.is_live, old.is_live) == (editor, "“Old Entry” merged into “New Entry”", False, True)
    assert [support.organization.slug for support in new.page.supports] == [third.slug, survivor.slug]
    old, new = editions(organization)
    assert (new.page.status, new.page.successor.slug, new.note) == (
        "merged",
        survivor.slug,
        "“Old Entry” merged into “New Entry”",
    )
    assert (new.by, new.is_live, old.is_live) == (editor, False, True)
    assert len(editions(survivor)) == 1
    assert Disease.objects.values().get(pk=untouched.pk) == before
    assert not Event.objects.exclude(verb="published").exists()
    disease.refresh_from_db()
    organization.refresh_from_db()
    assert (disease.saved_by, organization.saved_by) == ("Ada Lovelace", "Ada Lovelace")


def test_a_merge_first_shows_what_will_happen(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(name="Old Entry"), make_organization(name="New Entry")
    moving, doubled = make_disease(organizations=[organization]), make_disease(organizations=[survivor, organization])
    doubled.supports.filter(organization=organization).update(note="Runs a helpline.")
    unlinked = make_disease(organizations=[organization])
    unlinked.supports.all().delete()
    former = make_organization(status="renamed", successor=organization)
    before = [list(model.objects.order_by("pk").values()) for model in [Disease, Organization, Support]]

    page = client.get(url("merge_into", organization, survivor.pk))

    def where(disease):
        return reverse("admin:diseases_disease_change", args=[disease.pk])

    assert page.context["moved"] == [(moving, where(moving))]
    assert page.context["doubled"] == [(doubled, where(doubled), ["Runs a helpline."])]
    assert [edition.title for edition in page.context["live_pages"]] == [
        moving.name,
        doubled.name,
        unlinked.name,
        former.name,
    ]
    assert page.context["live"].title == "Old Entry"
    assert list(page.context["predecessors"]) == [former]
    assert [list(model.objects.order_by("pk").values()) for model in [Disease, Organization, Support]] == before


@pytest.mark.database
@pytest.mark.parametrize(
    ("kept", "dropped", "joined"),
    [
        ("Meets monthly.", "Runs a helpline.", "Meets monthly.\n\nRuns a helpline."),
        ("", "Runs a helpline.", "Runs a helpline."),
        ("Meets monthly.", "", "Meets monthly."),
        ("The same.", "The same.", "The same."),
        ("Partly.", "art", "Partly.\n\nart"),
    ],
)
def test_a_duplicate_support_is_deleted_and_its_note_is_joined(client, kept, dropped, joined):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    disease = make_disease(organizations=[organization, survivor])
    disease.supports.filter(organization=survivor).update(note=kept)
    disease.supports.filter(organization=organization).update(note=dropped)
    key, _, position, _ = supports(disease)[1]

    merge(client, organization, survivor)

    assert supports(disease) == [(key, survivor.pk, position, joined)]
    assert [support.note for support in editions(disease)[-1].page.supports] == [joined]


def test_notes_that_are_too_long_together_block_the_merge(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    disease = make_disease(name="Full Notes", organizations=[organization, survivor])
    disease.supports.filter(organization=survivor).update(note="a" * 600)
    disease.supports.filter(organization=organization).update(note="b" * 600)
    before = supports(disease)

    page = client.get(url("merge_into", organization, survivor.pk))
    answer = client.post(url("merge_into", organization, survivor.pk), {"seen": "0"}, follow=True)

    assert "“Full Notes” names both organizations, and their two notes together are too long." in page.text
    assert "“Full Notes” names both" in answer.text
    assert supports(disease) == before


@pytest.mark.database
def test_what_is_in_the_bin_is_moved_too(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    disease = make_disease(live=False, organizations=[organization])
    trash(disease, make_publisher(), "Entered twice")

    merge(client, organization, survivor)

    assert [row[1] for row in supports(disease)] == [survivor.pk]


@pytest.mark.parametrize("name", ["itself", "trashed", "led back"])
def test_a_merge_into_the_wrong_one_is_refused(client, name):
    sign_in(client, make_editor())
    organization = make_organization()
    between = make_organization(live=False, status="closed", successor=organization)
    wrong = {
        "itself": organization,
        "trashed": make_organization(live=False),
        "led back": make_organization(live=False, status="renamed", successor=between),
    }
    trash(wrong["trashed"], make_publisher(), "Entered twice")
    make_disease(organizations=[organization])
    before = list(Organization.objects.order_by("pk").values())
    survivor = wrong[name]
    words = {
        "itself": "An organization cannot be merged with itself.",
        "trashed": "is in the trash. Restore it first.",
        "led back": "Readers would go round in a circle.",
    }

    chosen = client.post(url("merge", organization), {"survivor": survivor.pk})
    page = client.get(url("merge_into", organization, survivor.pk))
    forged = client.post(url("merge_into", organization, survivor.pk), {"seen": "0"}, follow=True)

    assert chosen.status_code == 200
    assert [words[name] in answer.text for answer in [chosen, page, forged]] == [True, True, True]
    assert page.context["form"] is None
    assert list(Organization.objects.order_by("pk").values()) == before


def test_an_organization_in_the_trash_is_not_merged(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(live=False), make_organization()
    trash(organization, make_publisher(), "Entered twice")

    assert "is in the trash" in client.get(url("merge_into", organization, survivor.pk)).text


def test_a_merge_that_changed_meanwhile_is_shown_again(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    fields = fields_of(client.get(url("merge_into", organization, survivor.pk)).text)
    disease = make_disease(name="Came Later", organizations=[organization])

    shown_again = client.post(url("merge_into", organization, survivor.pk), fields, follow=True)

    assert "Somebody else saved this after you opened the form" in shown_again.text
    assert "Came Later" in shown_again.text
    assert [row[1] for row in supports(disease)] == [organization.pk]
    client.post(url("merge_into", organization, survivor.pk), fields_of(shown_again.text))
    assert [row[1] for row in supports(disease)] == [survivor.pk]


@pytest.mark.database
def test_a_merge_that_one_page_refuses_changes_none(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    fine, broken = (make_disease(organizations=[organization]) for _ in range(2))
    Disease.objects.filter(pk=broken.pk).update(name="Broken Syndrome", summary="a" * 200_000)

    answer = merge(client, organization, survivor)

    assert "Broken Syndrome: The page cannot hold this." in answer.text
    assert {row[1] for disease in [fine, broken] for row in supports(disease)} == {organization.pk}
    assert len(editions(fine)) == 1
    organization.refresh_from_db()
    assert (organization.status, organization.successor) == ("active", None)


@pytest.mark.database
def test_merging_twice_changes_nothing(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()
    disease = make_disease(organizations=[organization])
    merge(client, organization, survivor)
    before = [len(editions(subject)) for subject in [organization, survivor, disease]]

    merge(client, organization, survivor)

    assert [len(editions(subject)) for subject in [organization, survivor, disease]] == before == [2, 1, 2]


def test_a_merge_of_long_names_fits_the_editions_note(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(name="a" * 200), make_organization(name="b" * 200)

    merge(client, organization, survivor)

    assert len(editions(organization)[-1].note) == 250


@pytest.mark.parametrize(
    ("permissions", "checked", "merged"),
    [
        (["view_organization", "view_disease"], 403, 403),
        (["view_organization", "change_organization", "view_disease"], 200, 403),
        (["view_organization", "view_disease", "change_disease"], 403, 403),
        (["view_organization", "change_organization", "change_disease"], 200, 200),
    ],
)
def test_each_step_needs_its_permission(client, permissions, checked, merged):
    organization, survivor = make_organization(), make_organization()
    disease = make_disease(organizations=[organization])
    before = list(Organization.objects.order_by("pk").values())
    steps = [url("merge", organization), url("merge_into", organization, survivor.pk)]
    sign_in(client, may(make_user(is_staff=True), *permissions))

    assert client.get(url("checked", organization)).status_code == checked
    assert [client.get(step).status_code for step in steps] == [merged, merged]
    assert (url("merge", organization) in client.get(url("change", organization)).text) == (merged == 200)
    if checked == 403:
        assert client.post(url("checked", organization), {"version": 1, "checked_by": "x"}).status_code == 403
    if merged == 403:
        assert [client.post(step, {"seen": "x", "survivor": survivor.pk}).status_code for step in steps] == [403, 403]
        assert [row[1] for row in supports(disease)] == [organization.pk]
        assert list(Organization.objects.order_by("pk").values()) == before


def test_visitors_are_sent_to_the_sign_in_page(client):
    organization, survivor = make_organization(), make_organization()
    before = list(Organization.objects.order_by("pk").values())
    steps = [url("checked", organization), url("merge", organization), url("merge_into", organization, survivor.pk)]

    shown = [client.get(step).url.split("?")[0] for step in steps]
    done = [client.post(step, {"seen": "x", "version": 1, "checked_by": "x"}).status_code for step in steps]

    assert shown == [reverse("admin:login")] * 3
    assert done == [403] * 3
    assert list(Organization.objects.order_by("pk").values()) == before


def test_an_unknown_organization_cannot_be_merged(client):
    sign_in(client, make_editor())
    organization = make_organization()

    assert client.get(url("merge_into", organization, 10**6)).status_code == 404
    assert client.get(url("merge_into", organization, 10**30)).status_code == 404
    assert client.post(url("merge", organization), {"survivor": 10**6}).status_code == 200


def test_the_page_before_a_merge_needs_no_query_for_each(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(), make_organization()

    needed = []
    for count in [1, 3]:
        for _ in range(count):
            make_disease(organizations=[organization])
            make_disease(organizations=[organization, survivor])
        needed.append(queries_of(lambda: client.get(url("merge_into", organization, survivor.pk))))

    page = client.get(url("merge_into", organization, survivor.pk))
    assert (len(page.context["moved"]), len(page.context["doubled"])) == (4, 4)
    assert needed[0] == needed[1] <= 14


def test_the_choice_leaves_out_organizations_in_the_trash(client):
    sign_in(client, make_editor())
    organization, survivor = make_organization(name="Twin Society"), make_organization(name="Twin Society")
    trashed = make_organization(name="Twin Society", live=False)
    trash(trashed, make_publisher(), "Entered twice")

    page = client.get(url("merge", organization))
    found = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "organizations", "model_name": "organization", "field_name": "successor", "term": "Twin"},
    ).json()

    assert 'data-field-name="successor"' in page.text
    assert "autocomplete.js" in page.text
    assert {row["id"] for row in found["results"]} == {str(organization.pk), str(survivor.pk)}


def test_readers_learn_of_a_merge_when_it_is_published(client):
    sign_in(client, make_publisher())
    organization, survivor = make_organization(name="Old Entry"), make_organization(name="New Entry")
    disease = make_disease(organizations=[organization])
    address = disease.url_of(disease.slug)

    merge(client, organization, survivor)

    assert "Old Entry" in client.get(address).text
    assert "New Entry" not in client.get(address).text
    put_live(disease)
    assert "Old Entry" not in client.get(address).text
    assert "New Entry" in client.get(address).text


def test_the_list_names_countries(client):
    sign_in(client, make_editor())
    make_organization(country="DE")
    make_organization(country="")

    text = client.get(reverse(CHANGELIST)).text

    assert '<td class="field-country_name">Germany</td>' in text


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_two_merges_at_once_never_form_a_circle():
    editor = make_editor()

    for _ in range(5):
        one, other = make_organization(live=False), make_organization(live=False)
        diseases = [make_disease(live=False, organizations=pair) for pair in [[one], [other], [other, one]]]
        plans = [MergePlan.of(one, other).digest(), MergePlan.of(other, one).digest()]

        outcomes = at_once(
            lambda: merge_rows(one, other, editor, plans[0]),  # noqa: B023 - they run at once
            lambda: merge_rows(other, one, editor, plans[1]),  # noqa: B023
        )

        assert {type(outcome) for outcome in outcomes} == {type(None), MergeRefused}
        stays = Organization.objects.get(pk__in=[one.pk, other.pk], status="active")
        assert {row[1] for disease in diseases for row in supports(disease)} == {stays.pk}


def test_successors_that_lead_back_are_refused_with_the_reason(client):
    sign_in(client, make_editor())
    second = make_organization(name="Second Society")
    first = make_organization(name="First Society", status="renamed", successor=second)
    fields = fields_of(client.get(url("change", second)).text, "organization_form")

    answer = client.post(url("change", second), fields | {"status": "closed", "successor": first.pk})

    assert "Readers would go round in a circle" in answer.text
    second.refresh_from_db()
    assert (second.status, second.successor) == ("active", None)
