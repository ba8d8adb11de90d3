"""The symptom table of a disease's page: approved symptoms only, each once, in plain words."""

import re
from uuid import uuid4

import pytest
from django.test import RequestFactory

from diseases.models import Disease, Identifier
from diseases.values import Aspect, DiseasePage, QuestionValue, SourceValue, SymptomValue, Topic
from publishing.comparison import Comparison
from publishing.verbs import save_edition
from tests.factories import make_disease, make_question, make_source, put_live
from tests.reading import text_of, texts_of
from website.kind_pages import render_edition
from website.views import Preview

pytestmark = pytest.mark.django_db

UNDATED = "This list has no date, so it may be old. Please ask your doctor what has changed."
HPO = 'The terms come from the <a href="https://hpo.jax.org">Human Phenotype Ontology</a>'


def add(disease: Disease, term: str, frequency: str = "", **fields) -> None:
    position = disease.symptoms.count() + 1
    disease.symptoms.create(**{"term": term, "frequency": frequency, "approved": True, "position": position} | fields)


def page_of(client, disease: Disease) -> str:
    put_live(disease)
    return client.get(f"/diseases/{disease.slug}/").text


def section_of(html: str) -> str:
    return re.search(r'<section class="signs".*?</section>', html, re.DOTALL)[0]


def groups_of(html: str) -> list[tuple[str, list[str]]]:
    """Returns the groups of the table: the frequencies with their sources, and the terms."""
    rows = re.findall(r"<dt>(.*?)</dt>(.*?)</div>", section_of(html), re.DOTALL)
    return [(texts_of(f"<dt>{often}</dt>", "dt")[0].replace(" ,", ","), texts_of(terms, "li")) for often, terms in rows]


def sign(term: str = "Fever", frequency: str = "", source: str = "", aspect: Aspect = Aspect.SYMPTOM) -> SymptomValue:
    return SymptomValue(key=uuid4(), term=term, frequency=frequency, source=source, aspect=aspect)


def answer(topic: Topic) -> QuestionValue:
    return QuestionValue(key=uuid4(), topic=topic, question=f"{topic}?", html="<p>So.</p>")


def table_of(*signs: SymptomValue):
    return DiseasePage(title="Iron overload", slug="iron", symptoms=signs).symptom_table


def said(table) -> list[tuple[list[tuple[str, str]], tuple[str, ...]]]:
    return [
        ([(report.frequency.words, report.source) for report in group.reports], group.terms) for group in table.groups
    ]


def test_only_approved_symptoms_are_public(client):
    disease = make_disease(live=False)
    add(disease, "Fever", "90%")
    add(disease, "LEAK of a term", "LEAK 7/12", approved=False, source=make_source(name="LEAK of a source"))
    html = page_of(client, disease)
    disease.symptoms.update(approved=True, term="LEAK of a later term", frequency="")
    save_edition(disease, by="test")

    later = client.get(f"/diseases/{disease.slug}/").text

    assert groups_of(html) == [("In about 9 of 10 people", ["Fever"])]
    assert "LEAK" not in html
    assert later == html


def test_a_page_without_approved_symptoms_has_no_symptom_table(client):
    disease = make_disease(live=False)
    add(disease, "Fever", approved=False)

    html = page_of(client, disease)

    assert "Signs and symptoms" not in html
    assert "hpo.jax.org" not in html
    assert DiseasePage(title="Iron overload", slug="iron").symptom_table is None


def test_the_most_frequent_come_first_then_the_alphabet_and_the_unknown_last(client):
    disease = make_disease(live=False)
    rows = [("Zits", ""), ("itch", "-"), ("Ataxia", ""), ("Cough", "7.5%"), ("Rash", "Very frequent (99-80%)")]
    rows += [("bruises", "90%"), ("Anemia", "90%"), ("Fever", "7/12"), ("Pain", "Obligate (100%)"), ("Goiter", "0%")]
    for term, frequency in rows:
        add(disease, term, frequency)

    html = page_of(client, disease)

    assert groups_of(html) == [
        ("In everyone with the disease", ["Pain"]),
        ("In about 9 of 10 people", ["Anemia", "bruises"]),
        ("In 80 to 99 of 100 people", ["Rash"]),
        ("In 7 of 12 people in one study", ["Fever"]),
        ("In about 7 or 8 of 100 people", ["Cough"]),
        ("In no one with the disease", ["Goiter"]),
        ("How often is not known", ["Ataxia", "itch", "Zits"]),
    ]
    assert "The most frequent signs come first." in text_of(html)
    assert "A person may have only some of these." in text_of(html)


def test_a_list_without_frequencies_does_not_mention_an_order(client):
    disease = make_disease(live=False)
    add(disease, "Fever")

    text = text_of(page_of(client, disease))

    assert "These are medical terms. A person may have only some of these." in text
    assert "sorted by" not in text


def test_one_term_is_one_entry_with_all_its_frequencies(client):
    disease = make_disease(live=False)
    gard, orphanet = make_source(name="GARD"), make_source(name="Orphanet")
    add(disease, "Fine hair", "90%", source=gard)
    add(disease, "Fine Hair", "Very frequent (99-80%)", source=orphanet, hpo_id="HP:0002213")
    add(disease, "Myopia", "", source=gard)
    add(disease, "Myopia", "Frequent (79-30%)", source=orphanet)
    add(disease, "Fever", "90%", source=gard)

    html = page_of(client, disease)

    assert groups_of(html) == [
        ("In about 9 of 10 people (GARD)", ["Fever"]),
        ("In about 9 of 10 people (GARD), in 80 to 99 of 100 people (Orphanet)", ["Fine hair"]),
        ("In 30 to 79 of 100 people (Orphanet)", ["Myopia"]),
    ]


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        # Twice the same, in other figures.
        ([sign("Fever", "90%"), sign("fever", "90 %")], [([("in about 9 of 10 people", "")], ("Fever",))]),
        (
            [sign("Fever", "5/24"), sign("FEVER", "90%"), sign("Fever")],
            [([("in about 9 of 10 people", ""), ("in 5 of 24 people in one study", "")], ("Fever",))],
        ),
        # Of the same share, but not the same.
        (
            [sign("Itch", "9/10"), sign("Fever", "90%"), sign("Rash", "9/10")],
            [
                ([("in about 9 of 10 people", "")], ("Fever",)),
                ([("in 9 of 10 people in one study", "")], ("Itch", "Rash")),
            ],
        ),
        # What is not understood is not the same as not known.
        (
            [sign("Itch"), sign("Rash", "in adults"), sign("Fever", "in adults"), sign("Cough", "1%")],
            [
                ([("in about 1 of 100 people", "")], ("Cough",)),
                ([("in adults", "")], ("Fever", "Rash")),
                ([], ("Itch",)),
            ],
        ),
    ],
)
def test_symptoms_are_grouped_by_frequency(signs, expected):
    assert said(table_of(*signs)) == expected
    assert said(table_of(*reversed(signs)))[0][0] == expected[0][0]


def test_the_sources_are_named_once_with_the_ontology(client):
    disease = make_disease(live=False)
    gard = make_source(name="GARD", url="https://gard.example.org/")
    for number in range(5):
        add(disease, f"Sign {number}", "90%", source=gard)

    section = section_of(page_of(client, disease))

    assert re.findall(r"<li>(.*?)</li>", section.split("</dl>")[1], re.DOTALL) == [
        'Source: <a href="https://gard.example.org/">GARD</a>',
        HPO,
    ]
    assert section.count("GARD") == 1
    assert texts_of(section, "p")[-2:] == [UNDATED, "Something wrong or missing? (Signs and symptoms)"]


def test_symptoms_without_a_source_name_no_source(client):
    disease = make_disease(live=False)
    add(disease, "Fever")

    section = section_of(page_of(client, disease))

    assert "Source" not in section
    assert "Ontology" not in section
    assert UNDATED in section


def test_a_bar_shows_what_is_certain_and_what_is_possible(client):
    disease = make_disease(live=False)
    for term, frequency in [("A", "7.5%"), ("B", "Frequent (79-30%)"), ("C", "1/3"), ("D", ""), ("E", "often")]:
        add(disease, term, frequency)

    section = section_of(page_of(client, disease))

    assert re.findall(r'class="bar-most" width="([^"]+)".*?class="bar-least" width="([^"]+)"', section) == [
        ("79.00", "30.00"),
        ("33.33", "33.33"),
        ("7.50", "7.50"),
    ]
    assert section.count("<svg") == section.count('aria-hidden="true"') == 3


def test_rows_that_are_not_symptoms_are_shown_separately(client):
    disease = make_disease(live=False)
    for term, aspect, frequency in [
        ("Autosomal recessive inheritance", "inheritance", ""),
        ("autosomal recessive inheritance", "inheritance", "90%"),
        ("X-linked inheritance", "inheritance", ""),
        ("Infantile onset", "onset", ""),
        ("Rapidly progressive", "course", "7/12"),
    ]:
        add(disease, term, frequency, aspect=aspect)
    add(disease, "Fever", "50%")

    section = section_of(page_of(client, disease))

    glance = section[section.index('<dl class="glance">') :]
    assert texts_of(glance, "dt") == ["Inheritance", "Usual onset", "Course"]
    assert texts_of(glance, "dd") == [
        "autosomal recessive (in about 9 of 10 people)",
        "X-linked",
        "infantile",
        "rapidly progressive (in 7 of 12 people in one study)",
    ]
    assert texts_of(section, "h2") == ["Signs and symptoms"]
    assert groups_of(section)[0] == ("In about half of people", ["Fever"])


def test_a_page_may_have_facts_and_no_symptom(client):
    disease = make_disease(live=False)
    add(disease, "Infantile onset", aspect="onset")

    html = page_of(client, disease)

    assert "At a glance" in texts_of(html, "h2")
    assert "Signs and symptoms" not in html
    assert "medical terms" not in html


@pytest.mark.parametrize(
    ("topics", "place"),
    [
        ("", 0),
        ("causes treatment", 0),
        ("overview causes", 1),
        ("causes overview overview other", 3),
        ("overview symptoms causes", 2),
        ("causes symptoms symptoms outlook", 3),
    ],
)
def test_the_table_follows_the_answers_about_symptoms(topics, place):
    answers = tuple(answer(Topic(topic)) for topic in topics.split())
    page = DiseasePage(title="Iron overload", slug="iron", questions=answers, symptoms=(sign(),))

    assert page.sections == (*answers[:place], page.symptom_table, *answers[place:])
    assert page.labels[place] == ("symptoms", "Signs and symptoms")
    assert [anchor for anchor, _label in page.labels] == [section.anchor for section in page.sections]


def test_the_contents_lead_to_the_table_at_its_place(client):
    disease = make_disease(live=False, questions=0)
    for topic in ["overview", "symptoms", "causes"]:
        make_question(disease, topic=topic, question=f"{topic.title()}?")
    add(disease, "Fever")

    html = page_of(client, disease)

    assert texts_of(html, "h2")[:5] == ["On this page", "Overview?", "Symptoms?", "Signs and symptoms", "Causes?"]
    contents = html[html.index('class="contents"') : html.index('class="answers"')]
    assert texts_of(contents, "a")[:4] == ["Overview", "Symptoms", "Signs and symptoms", "Causes"]
    assert re.findall(r'href="#(.*?)"', contents)[2] == "symptoms"
    assert html.count('id="symptoms"') == 1


def test_a_page_with_symptoms_and_no_answer_says_so_and_leads_to_gard(client):
    disease = make_disease(live=False, questions=0)
    Identifier.objects.create(disease=disease, scheme="GARD", value="7172", position=9)
    add(disease, "Fever")

    html = page_of(client, disease)

    assert "We have no answers yet, only the list below. You may find some at GARD," in text_of(html)
    assert html.index("We have no answers yet") < html.index('id="symptoms"')
    assert texts_of(html, "h2")[:3] == ["On this page", "Signs and symptoms", "Support organizations"]


def test_a_preview_shows_the_symptoms_of_its_edition():
    disease = make_disease(live=False)
    add(disease, "Fever", "7/12")

    html = render_edition(RequestFactory().get("/"), save_edition(disease, by="test"), preview=Preview("/edit/")).text

    assert groups_of(html) == [("In 7 of 12 people in one study", ["Fever"])]


def test_a_term_is_escaped(client):
    disease = make_disease(live=False)
    add(disease, "<b>Fever</b>", "<i>often</i>")

    section = section_of(page_of(client, disease))

    assert "&lt;b&gt;Fever&lt;/b&gt;" in section
    assert "&lt;i&gt;often&lt;/i&gt;" in section


def test_what_changed_is_named_in_the_words_of_the_page():
    fever, itch = sign("Fever", "90%", "GARD"), sign("Itch")
    onset = sign("Infantile onset", "", "GARD", Aspect.ONSET).model_copy(update={"hpo_id": "HP:0003593"})
    old = DiseasePage(title="Iron overload", slug="iron", symptoms=(fever, itch), sources=(SourceValue(name="GARD"),))
    changed = fever.model_copy(update={"frequency": "7/12", "hpo_id": "HP:0001945"})
    new = old.model_copy(update={"symptoms": (changed, onset)})

    changes = Comparison(old, new, title_of=str).changes

    assert [
        (change.place, change.type, ["".join(segment.text for segment in block) for block in change.blocks])
        for change in changes
    ] == [
        ("Symptom “Fever” – How often", "changed", ["90%7/12"]),
        ("Symptom “Fever” – HPO code", "added", ["HP:0001945"]),
        ("Symptom “Infantile onset”", "added", ["About: onset", "HPO code: HP:0003593", "Source: GARD"]),
        ("Symptom “Itch”", "removed", []),
    ]


def test_a_page_without_symptoms_stores_no_symptoms():
    assert "symptoms" not in DiseasePage(title="Iron overload", slug="iron").content()
    assert sign().model_dump(mode="json", exclude_defaults=True).keys() == {"key", "term"}
