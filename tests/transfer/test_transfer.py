"""`manage.py dump_content` and `load_content`: all content is written and loaded word for word, or nothing is."""

import itertools
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diseases.models import Disease, Identifier, Question, Source, Support, Synonym
from organizations.models import Organization
from publishing.addresses import Gone, look_up
from publishing.models import Address, Edition, Event, Link, PublicVersion, State
from publishing.trash import trash
from publishing.verbs import publish, redact, save_edition, submit, withdraw
from tests.factories import (
    make_disease,
    make_editor,
    make_organization,
    make_publisher,
    make_question,
    make_source,
    make_user,
    put_live,
)
from transfer import loading, reading

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ROWS = [Link, Event, Edition, Address, Support, Question, Identifier, Synonym, Disease, Organization, Source]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "content.json"


@pytest.fixture
def publisher():
    return make_publisher(username="publisher")


def dump(file):
    call_command("dump_content", str(file), stderr=StringIO())
    return file.read_bytes()


def subjects(content):
    """Returns the subjects of a document, which stand after its head."""
    return [json.loads(line) for line in content.decode().split("\n")[1:-1]]


def load(file, *options, by="publisher"):
    out = StringIO()
    call_command("load_content", str(file), "--by", by, *options, stdout=out)
    return out.getvalue()


def refused(file, *options, by="publisher"):
    """Returns the lines of the error, after it has checked that nothing was written."""
    before = everything()
    with pytest.raises(CommandError) as refusal:
        load(file, *options, by=by)
    assert everything() == before
    return str(refusal.value).splitlines()


def everything():
    return [list(model._base_manager.order_by("pk").values()) for model in [*ROWS, PublicVersion]]


def empty_the_site():
    Organization._base_manager.update(successor=None)
    for model in ROWS:
        model._base_manager.all()._raw_delete("default")


def change(subject, **fields):
    subject = type(subject).objects.get(pk=subject.pk)
    for name, value in fields.items():
        setattr(subject, name, value)
    subject.save()
    return save_edition(subject, by=make_editor())


def states(kind):
    return {row.slug: row.state for row in kind.objects.with_state()}


def make_a_site_of_every_state():
    """Creates subjects of every state."""
    publisher = make_publisher()
    gard = make_source(name="GARD", licence="public domain", attribution="As GARD asks.\nIn two lines.")
    survivor = make_organization(name="Survivor", slug="survivor")
    renamed = make_organization(name="Old name", slug="old-name", phone="1–888–655–IRON (4766)")
    publish(change(renamed, name="New name", slug="new-name"), by=publisher)
    former = make_organization(name="Former", slug="former", status="merged", successor=survivor)
    never_live = make_organization(live=False, name="Draft society", slug="draft-society")
    live = make_disease(name="Live “disease” – with signs ≥ 1", slug="live", organizations=[renamed, survivor, former])
    make_question(live, source=gard, last_updated="2020-05-01", adapted=True, source_url="https://gard.example.org/1")
    make_question(live, answer="", question="Nobody has answered this?")
    put_live(live)
    minor = change(live, summary="A small change.")
    publish(minor, by=publisher, minor=True)
    changed = make_disease(name="Changed", slug="changed", organizations=[renamed])
    make_question(changed, source=gard)
    put_live(changed)
    changed.questions.first().delete()
    change(changed, name="Changed twice", slug="changed-twice")
    draft = make_disease(live=False, name="Draft", slug="draft", organizations=[never_live])
    Question.objects.filter(disease=draft).update(reviewed_on="2024-02-29", reviewed_by="Dr A, geneticist")
    submit(
        save_edition(make_disease(live=False, name="Ready", slug="ready"), by="test"), by=publisher, note="Please read."
    )
    both = make_disease(name="Ready again", slug="ready-again")
    submit(change(both, summary="Better."), by=publisher, note="Better now.")
    last = make_organization(name="Third", slug="third")
    withdrawn = make_organization(name="Second", slug="second")
    first = make_organization(name="First", slug="first")
    withdraw(first, by=publisher, reason="Merged into the second", successor=withdrawn)
    change(withdrawn, name="Second, renamed in the draft", slug="second-draft")
    withdraw(withdrawn, by=publisher, reason="Merged into the third", successor=last)
    gone = make_disease(name="Gone", slug="gone")
    withdraw(gone, by=publisher, reason="It was a mistake.")
    redacted = make_disease(name="A private name", slug="redacted")
    seen = Edition.objects.about(redacted).get()
    publish(change(redacted, name="No private name"), by=publisher)
    redact(seen, by=publisher, reason="Private")
    trash(make_disease(name="Trashed", slug="trashed"), by=publisher, reason="Entered twice")
    trash(make_disease(live=False, name="Trashed draft", slug="trashed-draft"), by=publisher, reason="")
    # The source's words change; pages that name it say so only when they are kept again.
    Source.objects.filter(pk=gard.pk).update(attribution="As GARD asks today.")


def public():
    """Returns what readers see: every live page with its dates, and where every address leads."""
    live = {
        (edition.kind, edition.slug): (edition.content, edition.published_at, edition.updated_at, edition.sort_key)
        for edition in Edition.objects.live()
    }
    leads = {}
    for address in Address.objects.all():
        found = look_up({"disease": Disease, "organization": Organization}[address.kind], address.slug)
        if found:
            leads[address.kind, address.slug] = found if isinstance(found, Gone) else found.slug
    return live, leads


def test_dump_load_dump_gives_the_same_bytes_and_readers_see_the_same(file, publisher):
    make_a_site_of_every_state()
    first, seen = dump(file), public()
    empty_the_site()

    report = load(file, "--publish")

    assert dump(file) == first
    assert public() == seen
    assert "Not exactly as in the file" not in report
    assert states(Disease) == {
        "live": State.CHANGED,  # its source's words
        "changed-twice": State.CHANGED,
        "draft": State.DRAFT,
        "ready": State.READY,
        "ready-again": State.READY,
        "gone": State.WITHDRAWN,
        "redacted": State.LIVE,
        "trashed": State.TRASHED,
        "trashed-draft": State.TRASHED,
    }
    assert states(Organization) == {
        "survivor": State.LIVE,
        "new-name": State.LIVE,
        "former": State.LIVE,
        "draft-society": State.DRAFT,
        "third": State.LIVE,
        "second-draft": State.WITHDRAWN,
        "first": State.WITHDRAWN,
    }
    assert look_up(Organization, "old-name").slug == "new-name"
    assert look_up(Disease, "gone") == Gone(title="Gone", reason="It was a mistake.")
    assert {row["state"] for row in subjects(first)} == set(State.values)


def test_each_line_of_the_document_is_sorted_json_and_the_first_says_what_it_is_not(file):
    make_a_site_of_every_state()
    make_disease(live=False, staff_notes="Ask the clinic.", summary="Words\u2028in two lines\nor three.")

    text = dump(file).decode()

    *lines, end = text.split("\n")
    assert end == ""
    assert lines == [json.dumps(json.loads(line), ensure_ascii=False, sort_keys=True) for line in lines]
    head = json.loads(lines[0])
    assert list(head) == ["about", "format", "schemas", "unresolved"]
    assert "no backup" in head["about"]
    assert head["unresolved"] == []
    names = [(record["kind"], record["slug"]) for record in subjects(text.encode())]
    assert names == sorted(names)
    assert "Ask the clinic" not in text
    assert "Nobody has answered" not in text


def test_an_empty_site_comes_back_empty(file, publisher):
    assert subjects(dump(file)) == []
    first = file.read_bytes()

    assert "Nothing was changed." in load(file, "--publish")

    assert dump(file) == first


def test_dates_that_readers_see_stay_and_the_history_starts_from_nothing(file, publisher):
    disease = make_disease(slug="here")
    publish(change(disease, summary="A typing error less."), by=make_publisher(), minor=True)
    before = Edition.objects.live().get()
    assert before.updated_at < before.published_at
    dump(file)
    empty_the_site()

    load(file, "--publish")

    after = Edition.objects.live().get()
    assert (after.published_at, after.updated_at) == (before.published_at, before.updated_at)
    assert (after.number, after.by_name) == (1, publisher.get_full_name())
    assert Event.objects.get().by == publisher


def test_without_publish_everything_becomes_a_draft_and_the_report_says_so(file):
    make_editor(username="editor")
    make_a_site_of_every_state()
    dump(file)
    empty_the_site()

    report = load(file, by="editor")

    assert not Edition.objects.live().exists()
    assert "drafts on this site: only --publish publishes them (12)" in report
    assert set(states(Disease).values()) == {State.DRAFT, State.READY, State.TRASHED}
    assert [str(support.organization) for support in Disease.objects.get(slug="live").supports.all()] == [
        "New name",
        "Survivor",
        "Former",
    ]
    live, draft = Edition.objects.about(Disease.objects.get(slug="changed-twice")).order_by("number")
    assert (live.title, draft.title) == ("Changed", "Changed twice")


def test_a_dry_run_reports_the_same_and_changes_nothing(file, publisher):
    make_a_site_of_every_state()
    dump(file)
    empty_the_site()
    before = everything()

    dry = load(file, "--publish", "--dry-run")

    assert everything() == before
    assert dry.splitlines()[1:] == load(file, "--publish").splitlines()


def test_keys_stay(file, publisher):
    disease = make_disease(slug="here", questions=2, organizations=[make_organization()])
    parts = [disease.questions, disease.synonyms, disease.identifiers, disease.supports]
    keys = [list(part.values_list("key", flat=True)) for part in parts]
    dump(file)
    empty_the_site()

    load(file)

    disease = Disease.objects.get()
    parts = [disease.questions, disease.synonyms, disease.identifiers, disease.supports]
    assert [list(part.values_list("key", flat=True)) for part in parts] == keys


# Errors


def record(**fields):
    return {
        "kind": "organization",
        "slug": "here",
        "state": "draft",
        "draft": {"title": "Here", "slug": "here"},
    } | fields


def disease_record(slug="a-disease", **page):
    draft = {"title": slug, "slug": slug} | page
    return {"kind": "disease", "slug": slug, "state": "draft", "draft": draft}


def answer(number=1, **fields):
    return {
        "key": f"00000000-0000-4000-8000-{number:012}",
        "topic": "causes",
        "question": "Why?",
        "html": "<p>So.</p>",
    } | fields


def write(file, *records, **head):
    lines = [{"format": 1} | head, *records]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_every_bad_record_is_named_with_path_and_reason_and_nothing_is_half_loaded(file, publisher):
    make_organization()  # what is there stays as it is
    write(
        file,
        record(),
        record(kind="gene", slug="one"),
        record(slug="two", draft={"title": "Two", "slug": "two", "website": "javascript:alert(1)", "motto": "x"}),
        disease_record("three", questions=[answer(), answer(2, html=5, adapted="yes")]),
        record(slug="four", draft={"slug": "four"}),
        "five",
        record(slug="six", draft={"title": "6", "slug": "other"}),
        disease_record("seven", identifiers=[{"key": answer(7)["key"], "scheme": "OMIM", "value": "12"}]),
        disease_record("eight", questions=[answer(8, reviewed_on="2024-01-01")]),
        disease_record("nine", questions=[answer(9, html="<script>alert(1)</script>")]),
        disease_record("ten", questions=[answer(10), answer(10)]),
        record(slug="eleven", draft={"title": "11", "slug": "eleven", "email": "a@b", "country": "XX"}),
        record(slug="twelve", draft={"title": "12", "slug": "twelve", "city": "x" * 101}),
        record(slug="thirteen", draft={"title": "a\x00b", "slug": "thirteen"}),
        record(slug="fourteen", draft={"title": "x" * 201, "slug": "fourteen"}),
        record(slug="fif teen", draft={"title": "15", "slug": "fif teen"}),
        record(slug="sixteen", state="live", draft={"title": "16", "slug": "sixteen"}),
    )

    lines = refused(file, "--publish")

    assert "nothing was changed" in lines[0]
    assert [line.strip() for line in lines[1:]] == [
        "line 3, kind (gene one): should be one of disease, organization, portrait",
        "line 4, draft.website (organization two): is not an address that begins with http:// or https://",
        "line 4, draft.motto (organization two): is not a field that this site knows",
        "line 5, draft.questions[1].html (disease three): should be a valid string",
        "line 5, draft.questions[1].adapted (disease three): should be a valid boolean",
        "line 6, draft.title (organization four): is missing",
        "line 7 (?): should be an object",
        "line 8, slug (organization six): is not the address of the draft, “other”",
        "line 9, draft.identifiers[0].value (disease seven): “12” is not a valid OMIM code. Example: 231100.",
        "line 10, draft (disease eight): Enter who reviewed the answer. Readers see the name.",
        "line 11, draft.questions[0].html (disease nine): is empty",
        f"line 12, draft.questions[1].key (disease ten): is on the page twice: {answer(10)['key']}",
        "line 13, draft.country (organization eleven): Value 'XX' is not a valid choice.",
        "line 13, draft.email (organization eleven): Enter a valid email address.",
        "line 14, draft.city (organization twelve): has 101 characters; at most 100 fit",
        "line 15, draft.title (organization thirteen): "
        "contains a NUL character or half a character, which PostgreSQL cannot store",
        "line 16, draft.title (organization fourteen): has 201 characters; at most 200 fit",
        "line 17, slug (organization fif teen): "
        "is not an address: use 1 to 160 unaccented letters, digits, hyphens and _",
        "line 18, state (organization sixteen): is “live”, but by its contents the record is “draft”",
    ]


@pytest.mark.parametrize(
    ("fields", "place", "reason"),
    [
        ({"draft": None}, "", "holds neither a live nor a draft page"),
        ({"addresses": ["a", "a"]}, ".addresses", "names an address twice"),
        ({"live": {"title": "A", "slug": "here"}, "state": "changed"}, ".addresses", "lacks “here”"),
        ({"withdrawn": {}, "state": "withdrawn"}, ".addresses", "lacks “here”"),
        ({"published_at": "2024-01-01T00:00:00Z"}, ".published_at", "without a live page"),
        ({"updated_at": "2024-01-01T00:00:00"}, ".updated_at", "timezone"),
        ({"updated_at": 5}, ".updated_at", "datetime"),
        ({"live": {"title": "Here", "slug": "here"}, "addresses": ["here"]}, ".draft", "says the same"),
        ({"trashed": {"why": ""}, "state": "trashed"}, ".trashed.why", "not a field"),
        ({"color": "red"}, ".color", "not a field"),
        ({"state": "asleep"}, ".state", "should be"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(file, publisher, fields, place, reason):
    write(file, record(**fields))

    line = refused(file)[1]

    assert line.strip().startswith(f"line 2{place.replace('.', ', ', 1)} (")
    assert reason in line


def test_a_date_in_the_future_is_refused(file, publisher):
    live = {"title": "Here", "slug": "here"}
    write(
        file,
        record(live=live, draft=None, state="live", addresses=["here"], updated_at="2999-01-01T00:00:00Z"),
    )

    assert refused(file)[1].strip() == "line 2, updated_at (organization here): is in the future"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"{", "line 1: is not JSON: column 2"),
        (b'{"format": 1}\n\n{"kind": "a"} more', "line 3 (?): is not JSON: column 15: Extra data"),
        (b'{"format": 1}\n{"kind": "a", "kind": "b"}', "line 2 (?): has two values for “kind”"),
        (b'{"format": 1, "format": 1}', "line 1: has two values for “format”"),
        (b'{"format": 1}\nNaN', "line 2 (?): holds NaN, which is not a JSON value"),
        (b"[" * 100_000, "line 1: is nested too deep"),
        (b'{"format": 1}\n' + b"[" * 100_000, "line 2 (?): is nested too deep"),
        (b'{"format": 1}\n"\xff"', "line 2 (?): is not UTF-8 text"),
        (b"[]", "line 1: should be an object"),
        (b'{"format": 2}', "line 1, format: should be less than or equal to 1"),
        (b'{"format": true}', "line 1, format: should be a valid integer"),
        (b"{}", "line 1, format: is missing"),
        (b'{"format": 1, "extra": 1}', "extra: is not a field"),
        (
            b'{"format": 1, "schemas": [["disease", 99]]}',
            "line 1, schemas: has 99 for disease; this site reads up to 1",
        ),
        (b'{"format": 1, "unresolved": [{"kind": "x"}]}', "unresolved[0].slug: is missing"),
    ],
)
def test_a_file_that_is_not_a_document_is_refused_with_a_reason(file, publisher, content, reason):
    file.write_bytes(content)

    assert reason in "\n".join(refused(file))


def test_half_a_character_is_named(file, publisher):
    write(file, disease_record(questions=[answer(question="\ud800?")]))

    assert refused(file)[1].strip() == (
        "line 2 (disease a-disease): contains half a character, which no database can store"
    )


def test_a_file_with_a_line_that_is_too_long_or_that_is_not_there_is_refused(file, publisher, monkeypatch):
    assert "No such file" in refused(file)[0]
    write(file, record())
    monkeypatch.setattr(reading, "MAX_LINE_MEGABYTES", 0)

    assert "Line 1 is longer than 0 MB" in refused(file)[1]


def test_a_value_of_two_records_is_named(file, publisher):
    key = answer()["key"]
    write(
        file,
        disease_record("one", questions=[answer()]),
        disease_record("two", synonyms=[{"key": key, "text": "Another"}]),
        disease_record("one"),
        disease_record("three", title="ONE"),
        record(addresses=["old"]),
        record(slug="there", draft={"title": "There", "slug": "there"}, addresses=["old"]),
    )

    assert [line.strip() for line in refused(file)[1:]] == [
        f"line 3, draft.synonyms[0].key (disease two): {key} is also used by line 2",
        "line 4, slug (disease one): “one” is also used by line 2",
        "line 5, draft.title (disease three): There is already a disease with this name.",
        "line 7, addresses (organization there): “old” is also used by line 6",
    ]


def test_a_reference_must_lead_somewhere(file, publisher):
    make_organization(slug="on-the-site")

    def support(number, slug, kind="organization"):
        return {"key": answer(number)["key"], "organization": {"kind": kind, "slug": slug}}

    slugs = ["in-the-file", "on-the-site", "nowhere"]
    write(
        file,
        disease_record("one", supports=[support(number, slug) for number, slug in enumerate(slugs)]),
        record(slug="in-the-file", draft={"title": "A", "slug": "in-the-file"}),
        disease_record("two", supports=[support(8, "one", "disease")]),
        disease_record("three", supports=[support(9, "x", "gene")]),
    )

    lines = [line.strip() for line in refused(file)[1:]]

    assert lines[0] == (
        "line 2, draft.supports[2].organization (disease one): "
        "there is no organization “nowhere”, neither in the file nor on this site"
    )
    assert lines[1].startswith("line 4, draft (disease two): ")
    assert lines[2].startswith("line 5, draft.supports[0].organization.kind (disease three): should be one of")


def test_a_successor_must_lead_somewhere(file, publisher):
    def withdrawn(slug, successor):
        draft = {"title": slug, "slug": slug}
        gone = {"reason": "Merged", "successor": {"kind": "organization", "slug": successor}}
        return record(slug=slug, draft=draft, addresses=[slug], state="withdrawn", withdrawn=gone)

    write(file, withdrawn("one", "two"), withdrawn("two", "one"), withdrawn("three", "three"), record())
    assert len(refused(file, "--publish")) == 3
    write(file, withdrawn("one", "here"), record())
    assert "“Here” is not live" in refused(file, "--publish")[1]
    write(file, withdrawn("one", "nowhere"))
    assert "there is no organization “nowhere”" in refused(file, "--publish")[1]


@pytest.mark.parametrize("by", ["editor", "gone", "nobody"])
def test_publish_needs_a_user_with_the_permission(file, by):
    make_editor(username="editor")
    make_publisher(username="gone", is_active=False)
    write(file, record())

    assert by in "\n".join(refused(file, "--publish", by=by))


def test_trashing_and_submitting_need_a_user_with_the_permission(file):
    make_user(username="visitor")
    ready = record(slug="b", draft={"title": "B", "slug": "b"}, state="ready", ready={})
    write(file, record(state="trashed", trashed={}), ready)

    assert [line.strip() for line in refused(file, by="visitor")[1:]] == [
        "line 2 (organization here): is in the trash, and “visitor” may not move it there",
        "line 3 (organization b): is ready to publish, and “visitor” may not submit it",
    ]


# Pages that the site has already


def test_addresses_names_and_keys_that_are_taken_are_all_named(file, publisher):
    make_organization(slug="here")
    renamed = make_organization(slug="before")
    publish(change(renamed, slug="after"), by=publisher)
    taken = make_disease(name="Taken", slug="taken")
    key = str(taken.questions.get().key)
    write(
        file,
        record(),
        record(slug="x", draft={"title": "X", "slug": "x"}, addresses=["before"]),
        disease_record("other", title="TAKEN"),
        disease_record("another", questions=[answer(key=key)]),
    )

    assert [line.strip() for line in refused(file)[1:]] == [
        "line 2 (organization here): this site already has a page at here",
        "line 3 (organization x): this site already has a page at before",
        "line 4, draft.title (disease other): There is already a disease with this name.",
        f"line 5, draft.questions[0].key (disease another): {key} already belongs to a page of this site",
    ]


@pytest.mark.parametrize("option", [[], ["--update"]])
def test_loading_twice_changes_nothing(file, publisher, option):
    make_a_site_of_every_state()
    first = dump(file)
    empty_the_site()
    load(file, "--publish")
    before = everything()

    report = load(file, "--publish", *option)

    assert everything() == before
    assert "Unchanged: this site says the same as the file (14)" in report
    assert "Left alone (2)" in report
    assert "Nothing was changed." in report
    assert dump(file) == first


def test_a_page_that_was_changed_since_it_was_loaded_is_refused_without_update(file, publisher):
    write(file, record(), record(slug="there", draft={"title": "There", "slug": "there"}))
    load(file)
    change(Organization.objects.get(slug="here"), city="Chicago")
    assert [line.strip() for line in refused(file)[1:]] == [
        "line 2 (organization here): this site already has a page at here"
    ]

    write(file, record(slug="there", draft={"title": "There", "slug": "there", "city": "Boston"}))
    assert [line.strip() for line in refused(file)[1:]] == [
        "line 2 (organization there): this site already has a page at there"
    ]


def test_a_row_without_an_edition_is_not_taken_for_a_part_of_an_interrupted_load(file, publisher):
    Organization.objects.create(name="Here", slug="here", city="Boston")
    Organization.objects.create(name="There", slug="there", website="javascript:alert(1)")
    write(file, record(), record(slug="there", draft={"title": "There", "slug": "there"}))

    assert [line.strip() for line in refused(file)[1:]] == [
        "line 2 (organization here): this site already has a page at here",
        "line 3 (organization there): this site already has a page at there",
    ]


class Killed(BaseException):
    """Stops a load as a lost process does."""


def content_of_the_tables():
    """Returns what the tables say, without the numbers of rows and without the time of the load."""
    editions = Edition.objects.order_by("kind", "slug", "number").values_list(
        "kind", "slug", "number", "digest", "is_live", "is_newest", "note", "origin", "by_name"
    )
    events = Event.objects.values_list("kind", "verb", "note", "by_name", "edition__digest")
    keys = [sorted(str(key) for key in model.objects.values_list("key", flat=True)) for model in (Question, Synonym)]
    addresses = sorted(Address.objects.values_list("kind", "slug"))
    return list(editions), sorted(map(str, events)), keys, addresses, states(Disease), states(Organization)


@pytest.mark.parametrize("batches", [0, 1, 4])
def test_a_load_that_was_killed_continues_and_ends_with_the_same_tables(file, publisher, monkeypatch, batches):
    make_a_site_of_every_state()
    first = dump(file)
    empty_the_site()
    monkeypatch.setattr(loading, "SUBJECTS_PER_WRITE", 2)
    load(file, "--publish")
    whole, seen = content_of_the_tables(), public()
    empty_the_site()

    write, write_all, numbers = loading._Load.write, loading._Load.write_all, itertools.count()

    def write_until_killed(self, batch):
        created = write(self, batch)
        if next(numbers) == batches:
            raise Killed  # in the transaction of this batch
        return created

    with monkeypatch.context() as patch:

        def write_all_until_killed(self):
            patch.setattr(loading._Load, "write", write_until_killed)
            write_all(self)

        patch.setattr(loading._Load, "write_all", write_all_until_killed)
        with pytest.raises(Killed):
            load(file, "--publish")
    assert Edition.objects.exists() == (batches > 0)

    load(file, "--publish")

    assert content_of_the_tables() == whole
    assert public() == seen
    assert dump(file) == first


def test_a_name_and_a_gard_id_of_two_subjects_are_found_before_anything_is_written(file, publisher, monkeypatch):
    monkeypatch.setattr(loading, "SUBJECTS_PER_WRITE", 1)
    codes = [
        {"key": answer(number)["key"], "scheme": "GARD", "value": "GARD:0007172", "relation": "exact"}
        for number in (1, 2)
    ]
    write(
        file,
        disease_record("one", identifiers=codes[:1]),
        disease_record("two", identifiers=codes[1:]),
        disease_record("three", title="ONE"),
    )

    assert [line.strip() for line in refused(file)[1:]] == [
        "line 3, draft (disease two): has the same code as line 2",
        "line 4, draft (disease three): has the same disease as line 2",
    ]


def test_update_changes_the_draft_and_not_the_live_page(file, publisher):
    organization = make_organization(name="Society", slug="society", city="Springfield", staff_notes="Call first.")
    disease = make_disease(slug="here", questions=2, organizations=[organization])
    dump(file)
    text = file.read_text().replace("Springfield", "Chicago").replace("<p>Answer ", "<p>A better answer ")
    file.write_text(text)
    change(organization, city="Boston", region="MA")  # an editor's draft meanwhile
    unanswered = make_question(disease, answer="")
    live = public()
    keys = list(disease.questions.exclude(answer="").values_list("pk", "key"))

    report = load(file, "--update", "--publish")

    assert public() == live
    organization.refresh_from_db()
    assert (organization.city, organization.region, organization.staff_notes) == ("Chicago", "IL", "Call first.")
    assert list(disease.questions.exclude(answer="").values_list("pk", "key")) == keys
    assert [row.answer.startswith("<p>A better") for row in disease.questions.exclude(answer="")] == [True, True]
    assert disease.questions.filter(pk=unanswered.pk).exists()
    assert states(Disease) | states(Organization) == {"here": State.CHANGED, "society": State.CHANGED}
    assert "the live page stays as it was (2)" in report
    kept = Edition.objects.about(organization).order_by("number")
    assert [edition.page.city for edition in kept] == ["Springfield", "Boston", "Chicago"]


def test_update_saves_an_edition_of_unsaved_changes_first(file, publisher):
    organization = make_organization(live=False, slug="society", city="Springfield")
    dump(file)
    Organization.objects.filter(pk=organization.pk).update(city="Boston")

    load(file, "--update")

    assert [edition.page.city for edition in Edition.objects.order_by("number")] == ["Boston", "Springfield"]


def test_update_creates_and_publishes_only_new_pages(file, publisher):
    first, second = make_disease(slug="first"), make_disease(slug="second")
    dump(file)
    empty_the_site()
    make_organization(slug="first")
    write_disease = Disease.objects.create(name="First", slug="first")
    save_edition(write_disease, by="test")

    load(file, "--update", "--publish")

    assert {edition.title for edition in Edition.objects.of(Disease).live()} == {second.name}
    assert Disease.objects.get(slug="first").name == first.name


def test_update_finds_a_subject_by_its_former_address(file, publisher):
    organization = make_organization(name="Society", slug="before")
    publish(change(organization, slug="after", name="Society, renamed"), by=publisher)
    dump(file)
    (written,) = subjects(file.read_bytes())
    empty_the_site()
    organization = make_organization(name="Society", slug="before")

    load(file, "--update")

    organization.refresh_from_db()
    assert (organization.slug, organization.name) == ("after", "Society, renamed")
    assert Organization.objects.count() == 1
    assert Edition.objects.live().get().slug == written["addresses"][0] == "before"


def test_update_leaves_the_trash_alone(file, publisher):
    here, there = make_disease(slug="here"), make_disease(slug="there")
    dump(file)
    text = file.read_text().replace("Summary", "Better summary")
    file.write_text(text)
    trash(here, by=publisher, reason="Entered twice")

    report = load(file, "--update")

    assert "disease here: is in the trash of this site, and stays there" in report
    assert "Better" not in Disease.objects.get(slug="here").summary
    assert "Better" in Disease.objects.get(pk=there.pk).summary


def test_update_refuses_an_address_of_another_subject(file, publisher):
    make_organization(slug="one")
    make_organization(slug="two")
    both = record(slug="one", draft={"title": "1", "slug": "one"}, addresses=["one", "two"])
    write(file, both)
    assert "belong to different pages of this site: one, two" in refused(file, "--update")[1]

    one = record(slug="one", draft={"title": "1", "slug": "one"})
    publish(change(Organization.objects.get(slug="one"), slug="three"), by=publisher)
    three = record(slug="three", draft={"title": "3", "slug": "three"})
    write(file, one, three)
    assert "is the same page of this site as line 2" in refused(file, "--update")[1]


def test_update_refuses_the_key_of_another_subject(file, publisher):
    taken = make_disease(slug="taken").questions.get().key
    make_disease(slug="here")
    write(file, disease_record("here", questions=[answer(key=str(taken))]))

    assert f"{taken} already belongs to a page of this site" in refused(file, "--update")[1]


def test_the_sources_of_the_site_stay_and_the_difference_is_reported(file, publisher):
    disease = make_disease(slug="here", questions=0)
    make_question(disease, source=make_source(name="GARD", licence="public domain"))
    put_live(disease)
    dump(file)
    empty_the_site()
    make_source(name="GARD", licence="CC BY 4.0")

    report = load(file, "--publish")

    assert "line 2, live (disease here): sources" in report
    assert Edition.objects.live().get().page.sources[0].licence == "public domain"
    assert Source.objects.get().licence == "CC BY 4.0"
    assert states(Disease) == {"here": State.CHANGED}


# Files


def test_a_dump_that_fails_leaves_the_file_as_it_was(file, tmp_path):
    make_organization(slug="good")
    first = dump(file)
    Organization.objects.filter(slug="good").update(website="javascript:alert(1)")

    with pytest.raises(CommandError, match="draft of organization “good” makes no valid page: website"):
        dump(file)

    assert file.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_an_old_page_that_could_not_be_loaded_is_named(file):
    organization = make_organization(slug="here")
    Edition._base_manager.update(content={"title": "A", "slug": "here", "city": "x" * 101})
    err = StringIO()

    call_command("dump_content", str(file), stderr=err)

    assert "organization “here”, live: city has 101 characters; at most 100 fit" in err.getvalue()
    assert organization.slug in file.read_text()


def test_a_dump_goes_to_standard_output(file):
    make_organization(name="“Ünïcode”")
    out = StringIO()
    call_command("dump_content", "-", stdout=out)

    assert out.getvalue().encode() == dump(file)


def test_a_dump_needs_a_file_to_write(tmp_path):
    with pytest.raises(CommandError, match="not a plain file"):
        call_command("dump_content", str(tmp_path))
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("dump_content", str(tmp_path / "nowhere" / "file.json"))


@pytest.mark.django_db(transaction=True)
def test_a_dump_reads_a_snapshot_and_ends_its_transaction(file):
    """Outside a transaction, as on the command line."""
    make_disease()

    first = dump(file)

    assert not connection.in_atomic_block
    make_disease()
    assert len(dump(file)) > len(first)


@pytest.mark.parametrize("count", [1, 4])
def test_a_dump_needs_a_bounded_number_of_queries(file, count, django_assert_num_queries):
    organizations = [make_organization() for _ in range(2)]
    for _ in range(count):
        make_disease(questions=3, organizations=organizations)

    with django_assert_num_queries(12 + 6 * count):
        dump(file)


# Any site

words = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=12
).filter(str.strip)
steps = st.lists(
    st.sampled_from(["edit", "save", "submit", "publish", "minor", "rename", "withdraw", "succeed", "trash"]),
    max_size=5,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_dump_load_dump_is_the_identity_for_any_site(file, publisher, data):
    with transaction.atomic():
        organizations = [make_organization(live=False) for _ in range(data.draw(st.integers(0, 3)))]
        for organization in organizations:
            organization.description = data.draw(words)
            organization.save()
            walk(organization, organizations, publisher, data)
        diseases = []
        for number in range(data.draw(st.integers(0, 3))):
            chosen = [row for row in organizations if data.draw(st.booleans())]
            disease = make_disease(live=False, questions=number, organizations=chosen, summary=data.draw(words))
            make_question(disease, answer=f"<p>{number}</p>", reviewed_by=data.draw(words), source=make_source())
            diseases.append(disease)
            walk(disease, diseases, publisher, data)
        first, seen = dump(file), public()
        empty_the_site()

        load(file, "--publish")

        assert dump(file) == first
        assert public() == seen
        transaction.set_rollback(True)


def walk(subject, others, publisher, data):
    """Does some random acts of an editor."""
    for step in data.draw(steps):
        subject.refresh_from_db()
        if subject.trashed_at:
            return
        if step == "edit":
            subject.name = f"{subject.name}+"
            subject.save()
        elif step == "rename":
            subject.slug = f"{subject.slug}x"
            subject.save()
        elif step == "save":
            save_edition(subject, by="test")
        elif step == "submit":
            submit(save_edition(subject, by="test"), by=publisher, note=data.draw(words))
        elif step in {"publish", "minor"}:
            publish(save_edition(subject, by="test"), by=publisher, minor=step == "minor")
        elif step == "trash":
            trash(subject, by=publisher, reason=data.draw(words))
        else:
            live = [row for row in others if row != subject and Edition.objects.about(row).live().exists()]
            withdraw(subject, publisher, data.draw(words), live[0] if step == "succeed" and live else None)
