"""A comparison of two pages shows every difference and nothing else."""

import re
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diseases.codes import Relation
from diseases.values import DiseasePage, IdentifierValue, QuestionValue, SourceValue, SupportValue, SynonymValue, Topic
from organizations.values import OrganizationPage, PhoneNumberValue, Status
from publishing.comparison import MAX_WORDS, Comparison, Segment, block_segments, word_segments
from publishing.prose import blocks
from publishing.values import Reference

KEYS = [UUID(int=number) for number in range(6)]
SOCIETY = Reference(kind="organization", slug="society")

line = st.text(st.sampled_from("ab. \n\xa0é"), max_size=8)
html = st.lists(st.sampled_from(["a", "b ", " ", "<p>", "</p>", "<em>", "</em>", "<ul><li>", "</li></ul>"]), max_size=8)
days = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 3))
references = st.sampled_from([SOCIETY, Reference(kind="organization", slug="other")])


def rows(value):
    return st.lists(value, max_size=4, unique_by=lambda row: row.key).map(tuple)


keys = st.sampled_from(KEYS)
answers = st.builds(
    QuestionValue,
    key=keys,
    topic=st.sampled_from(Topic),
    question=line,
    html=html.map(lambda parts: "".join(["<p>a</p>", *parts])),
    last_updated=days,
    source=line,
    adapted=st.booleans(),
)
diseases = st.builds(
    DiseasePage,
    title=line,
    slug=line,
    summary=line,
    synonyms=rows(st.builds(SynonymValue, key=keys, text=line)),
    identifiers=rows(st.builds(IdentifierValue, key=keys, scheme=line, value=line, relation=st.sampled_from(Relation))),
    questions=rows(answers),
    supports=rows(st.builds(SupportValue, key=keys, organization=references, note=line)),
    sources=st.lists(st.builds(SourceValue, name=line, licence=line), max_size=3).map(tuple),
)
numbers = st.none() | st.builds(PhoneNumberValue, printed=line, dial=line)
organizations = st.builds(
    OrganizationPage,
    title=line,
    slug=line,
    description=line,
    street=st.lists(line, max_size=3).map(tuple),
    country=st.sampled_from(["", "GB", "CA", "XX"]),
    phone=numbers,
    status=st.sampled_from(Status),
    successor=st.none() | references,
    checked_on=days,
)
pairs = st.tuples(diseases, diseases) | st.tuples(organizations, organizations)


def title_of(reference):
    return reference.slug.capitalize()


def changes(old, new, title_of=title_of):
    return Comparison(old, new, title_of).changes


def readable_changes(old, new, **options):
    """Returns the changes as a reader sees them: removed words as [-words], added words as [+words]."""
    signs = {"same": "{}", "del": "[-{}]", "ins": "[+{}]", "gap": "…"}
    return [
        (
            change.place,
            change.type,
            ["".join(signs[segment.tag].format(segment.text) for segment in block) for block in blocks_],
        )
        for change in changes(old, new, **options)
        for blocks_ in [change.excerpt]
    ]


def disease(**fields):
    return DiseasePage(title="Gaucher disease", slug="gaucher", **fields)


def answer(number=0, text="<p>Iron.</p>", **fields):
    return QuestionValue(
        key=KEYS[number], **{"topic": Topic.CAUSES, "question": f"Why {number}?", "html": text} | fields
    )


@given(diseases | organizations)
def test_a_page_does_not_differ_from_itself(page):
    assert changes(page, page.open(page.content(), page.SCHEMA)) == []


@given(pairs)
def test_two_different_pages_always_have_a_change(pair):
    old, new = pair

    assert bool(changes(old, new)) == (old.digest() != new.digest())


@given(pairs)
def test_the_runs_of_a_change_make_both_texts(pair):
    old, new = pair

    for change in changes(old, new):
        if change.type in {"moved", "formatting"}:
            assert change.blocks == ()
            continue
        before = words(change, without="ins")
        after = words(change, without="del")
        if change.type == "added":
            assert before == []
        if change.type == "removed":
            assert after == []
        if not change.row_label and change.field_label in {"Name", "Summary", "Description"}:
            name = {"Name": "title"}.get(change.field_label, change.field_label.lower())
            assert (before, after) == (getattr(old, name).split(), getattr(new, name).split())


@given(answers, answers)
def test_the_runs_of_an_answer_make_both_answers(one, other):
    old, new = disease(questions=(one.model_copy(update={"key": KEYS[0]}),)), disease(questions=(with_key(other),))

    for change in changes(old, new):
        if change.field_label == "Answer" and change.blocks:
            assert words(change, without="ins") == " ".join(blocks(old.questions[0].html)).split()
            assert words(change, without="del") == " ".join(blocks(new.questions[0].html)).split()


def with_key(row):
    return row.model_copy(update={"key": KEYS[0]})


def words(change, without):
    return " ".join(segment.text for block in change.blocks for segment in block if segment.tag != without).split()


texts = st.lists(st.text(st.sampled_from("ab "), max_size=12), max_size=6)


@given(texts, texts)
def test_the_runs_of_blocks_make_both_texts_block_by_block(old, new):
    runs = block_segments(old, new)

    def texts_of(without):
        return [
            text
            for text in ("".join(segment.text for segment in block if segment.tag != without) for block in runs)
            if text
        ]

    assert [text.split() for text in texts_of("ins") if text.split()] == [text.split() for text in old if text.split()]
    assert [text.split() for text in texts_of("del") if text.split()] == [text.split() for text in new if text.split()]


def test_every_difference_is_shown_field_by_field():
    old = disease(
        summary="It is rare.",
        identifiers=(IdentifierValue(key=KEYS[0], scheme="OMIM", value="1"),),
        questions=(
            answer(0, "<p>The cause is not known.</p>", last_updated=date(2020, 5, 1)),
            answer(1, "<p>A <strong>b</strong></p>"),
            answer(2, '<p>See <a href="https://a.org/?x=1&amp;y">this</a></p>'),
        ),
        supports=(SupportValue(key=KEYS[0], organization=SOCIETY, note="Has a line.\nCall it."),),
        sources=(SourceValue(name="GARD"),),
    )
    new = disease(
        summary="It is very rare.",
        identifiers=(
            IdentifierValue(key=KEYS[0], scheme="OMIM", value="1"),
            IdentifierValue(key=KEYS[1], scheme="ORPHA", value="355"),
        ),
        questions=(
            answer(1, "<p>A b</p>"),
            answer(0, "<p>The cause is well known.</p>", last_updated=date(2026, 5, 1), adapted=True),
            answer(2, '<p>See <a href="https://b.org/">this</a></p>'),
            answer(3, "<p>One.</p><p>Two.</p>", source="GARD", last_updated=date(2026, 5, 1)),
        ),
        sources=(SourceValue(name="GARD", licence="CC BY 4.0"),),
    )

    assert readable_changes(old, new) == [
        ("Summary", "changed", ["It is [+very ]rare."]),
        ("Code “ORPHA 355”", "added", []),
        ("Question “Why 1?”", "moved", []),
        ("Question “Why 1?” – Answer", "formatting", []),
        ("Question “Why 0?” – Answer", "changed", ["The cause is [-not ][+well ]known."]),
        ("Question “Why 0?” – Last updated", "changed", ["[-1 May 2020][+1 May 2026]"]),
        ("Question “Why 0?” – Adapted", "changed", ["[-no][+yes]"]),
        ("Question “Why 2?” – Answer", "links", ["[-https://a.org/?x=1&y][+https://b.org/]"]),
        (
            "Question “Why 3?”",
            "added",
            ["[+Topic: Causes]", "[+One.]", "[+Two.]", "[+Last updated: 1 May 2026]", "[+Source: GARD]"],
        ),
        ("Organization “Society”", "removed", ["[-Note: Has a line.]", "[-Call it.]"]),
        ("Sources", "changed", ["[-GARD][+GARD, CC BY 4.0]"]),
    ]


def test_the_details_of_an_organization_are_compared_as_its_page_shows_them():
    old = OrganizationPage(
        title="Society",
        slug="society",
        country="GB",
        phone=PhoneNumberValue(printed="0121 212", dial="+44121212"),
        fax=PhoneNumberValue(printed="0121 213"),
    )
    new = OrganizationPage(
        title="Society",
        slug="society",
        country="CA",
        phone=PhoneNumberValue(printed="0121 333", dial="+44121333"),
        status=Status.RENAMED,
        successor=Reference(kind="organization", slug="new"),
        checked_on=date(2026, 5, 3),
    )

    assert readable_changes(old, new) == [
        ("Country", "changed", ["[-United Kingdom][+Canada]"]),
        ("Phone", "changed", ["[-0121 212][+0121 333]"]),
        ("Fax", "removed", ["[-0121 213]"]),
        ("Status", "changed", ["[-active][+renamed]"]),
        ("Successor", "added", ["[+New]"]),
        ("Details checked on", "added", ["[+3 May 2026]"]),
    ]


def test_a_subject_without_a_title_for_readers_is_left_out():
    support = SupportValue(key=KEYS[0], organization=SOCIETY, note="Secret.")
    active = OrganizationPage(title="S", slug="s")

    assert changes(disease(), disease(supports=(support,)), title_of=lambda reference: "") == []
    assert changes(disease(supports=(support,)), disease(), title_of=lambda reference: "") == []
    assert changes(active, active.model_copy(update={"successor": SOCIETY}), title_of=lambda reference: "") == []


def test_an_answer_with_other_html_has_a_change():
    old, new = (
        disease(questions=(answer(0, "<ul><li>a</li></ul>"),)),
        disease(questions=(answer(0, "<ol><li>a</li></ol>"),)),
    )

    assert [change.type_name for change in changes(old, new)] == ["only the formatting changed, no word"]


def test_a_paragraph_is_compared_with_its_old_text_although_another_was_added_before_it():
    old = ["The liver stores iron from food in children.", "It is rare."]
    new = ["Nobody knows how many people have it.", "The liver stores much iron from food in children.", "It is rare."]

    assert block_segments(old, new) == (
        (Segment("ins", new[0]),),
        (Segment("same", "The liver stores "), Segment("ins", "much "), Segment("same", "iron from food in children.")),
        (Segment("same", "It is rare."),),
    )


def test_a_rewritten_sentence_is_not_divided_into_single_words():
    assert [segment.tag for segment in word_segments("one two is three four", "five six is seven eight")] == [
        "del",
        "ins",
    ]
    assert [segment.tag for segment in word_segments("one is three", "five is seven")] == [
        "del",
        "ins",
        "same",
        "del",
        "ins",
    ]


def test_a_word_added_at_the_end_does_not_change_the_word_before():
    assert word_segments("a b", "a b c") == [Segment("same", "a b "), Segment("ins", "c")]
    assert word_segments("a b c", "a b") == [Segment("same", "a b "), Segment("del", "c")]


def test_an_excerpt_has_the_words_near_a_change():
    words_ = [f"w{number}" for number in range(200)]
    old = disease(summary="\n".join(["First.", "Second.", " ".join(words_), "Last."]))
    new = disease(summary="\n".join(["First.", "Second.", " ".join([*words_[:100], "new", *words_[101:]]), "Last."]))

    ((_, _, excerpt),) = readable_changes(old, new)

    near = " ".join(words_[80:100]), " ".join(words_[101:121])
    assert excerpt == [f"…{near[0]} [-w100 ][+new ]{near[1]} …"]
    assert readable_changes(disease(summary="a\nb\nc d\ne\nf\ng"), disease(summary="a\nb\nc x d\ne\nf\nh g")) == [
        ("Summary", "changed", ["…", "c [+x ]d", "…", "[+h ]g"])
    ]


@pytest.mark.parametrize(("count", "is_coarse"), [(MAX_WORDS, False), (MAX_WORDS + 1, True)])
def test_a_passage_that_is_too_long_to_compare_is_shown_whole_and_says_so(count, is_coarse):
    old = " ".join(f"w{number}" for number in range(count))
    new = re.sub("7", "8", old)
    (change,) = changes(disease(summary=f"x {old} 0"), disease(summary=f"x a{new}a 0"))

    assert (change.is_coarse, len(change.blocks[0]) == 4) == (is_coarse, is_coarse)
