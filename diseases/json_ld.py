"""Describes a disease's page in JSON-LD, for search engines and other programs."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from diseases.codes import Relation
from diseases.values import DiseasePage, QuestionValue, SynonymKind
from organizations.json_ld import organization_json_ld
from organizations.values import OrganizationPage, Status
from publishing.prose import blocks
from website.absolute import path_of
from website.json_ld import Absolute, Thing, breadcrumbs, graph, refer, thing, web_page, web_site


def disease_page_json_ld(
    disease: DiseasePage,
    url: str,
    updated_at: datetime | None,
    organizations: Iterable[tuple[str, OrganizationPage]],
    absolute: Absolute,
) -> Thing:
    """Returns the JSON-LD of a disease's page. `organizations` are the organizations on the page, each with its path.

    Closed organizations are left out, because schema.org has no term that says that an organization is closed.
    """
    condition = condition_json_ld(disease, url)
    mentions = [
        organization_json_ld(page, absolute(path)) for path, page in organizations if page.status != Status.CLOSED
    ]
    trail = breadcrumbs(
        (_("Home"), absolute(path_of("home"))),
        (_("Diseases"), absolute(path_of("diseases:list"))),
        (disease.title, url),
    )
    page = web_page(
        ["MedicalWebPage", "FAQPage"] if disease.questions else "MedicalWebPage",
        disease.title,
        url,
        updated_at,
        **review_json_ld(disease),
        isPartOf=web_site(absolute),
        breadcrumb=trail,
        about=refer(condition),
        mainEntity=[question_json_ld(question, url) for question in disease.questions],
        mentions=[refer(organization) for organization in mentions],
        citation=[
            thing("CreativeWork", name=source.name, url=source.url, license=source.licence_url)
            for source in disease.sources
        ],
    )
    return graph(page, condition, *mentions)


def condition_json_ld(disease: DiseasePage, url: str) -> Thing:
    """Returns the disease itself, without the names of its subtypes and without codes that do not fit exactly."""
    return thing(
        "MedicalCondition",
        id=f"{url}#disease",
        name=disease.title,
        alternateName=[synonym.text for synonym in disease.synonyms if synonym.kind != SynonymKind.SUBTYPE],
        description=disease.summary,
        code=[
            thing("MedicalCode", codeValue=code.value, codingSystem=code.scheme, url=code.url)
            for code in disease.identifiers
            if code.relation == Relation.EXACT
        ],
    )


def review_json_ld(disease: DiseasePage) -> Thing:
    """Returns the date and the reviewers of the page, or nothing unless every answer was reviewed.

    `lastReviewed` of schema.org is about the whole page, so it is the date of the oldest review: the newest would
    present an old answer as reviewed. The symptom table has no date, so a page with one has no review date either.
    """
    days = [question.reviewed_on for question in disease.questions if question.reviewed_on]
    if not days or len(days) < len(disease.questions) or disease.symptom_table:
        return {}
    names = dict.fromkeys(question.reviewed_by for question in disease.questions if question.reviewed_by)
    return {"lastReviewed": min(days).isoformat(), "reviewedBy": [thing("Person", name=name) for name in names]}


def question_json_ld(question: QuestionValue, url: str) -> Thing:
    """Returns a question with its answer. `url` is the address of the page."""
    source = thing("CreativeWork", name=question.source, url=question.source_url)
    has_source = len(source) > 1  # more than its type
    answer = thing(
        "Answer",
        text="\n".join(blocks(question.html)),
        dateModified=question.last_updated.isoformat() if question.last_updated else None,
        isBasedOn=source if has_source and question.adapted else None,
        citation=source if has_source and not question.adapted else None,
    )
    return thing("Question", id=f"{url}#{question.anchor}", name=question.question, acceptedAnswer=answer)
