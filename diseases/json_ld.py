"""What a disease's page says, for other programs."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from diseases.codes import Relation
from diseases.values import DiseasePage, QuestionValue, SynonymKind
from organizations.json_ld import organization_json_ld
from organizations.values import OrganizationPage, Status
from publishing.prose import blocks
from website.json_ld import Absolute, Thing, breadcrumbs, graph, refer, thing, web_page, web_site


def disease_page_json_ld(
    disease: DiseasePage,
    url: str,
    updated_at: datetime | None,
    helpers: Iterable[tuple[str, OrganizationPage]],
    absolute: Absolute,
) -> Thing:
    """`helpers` are the organizations that the page shows, each with its path.

    A closed one is left out: nothing in the vocabulary could tell it from one that helps.
    """
    own = condition_json_ld(disease, url)
    organizations = [
        organization_json_ld(page, absolute(path)) for path, page in helpers if page.status != Status.CLOSED
    ]
    trail = breadcrumbs(
        (_("Home"), absolute(reverse("home"))),
        (_("Diseases"), absolute(reverse("diseases:list"))),
        (disease.title, url),
    )
    page = web_page(
        ["MedicalWebPage", "FAQPage"] if disease.questions else "MedicalWebPage",
        disease.title,
        url,
        updated_at,
        **review(disease),
        isPartOf=web_site(absolute),
        breadcrumb=trail,
        about=refer(own),
        mainEntity=[question_json_ld(answer, url) for answer in disease.questions],
        mentions=[refer(each) for each in organizations],
        citation=[
            thing("CreativeWork", name=credit.name, url=credit.url, license=credit.licence_url)
            for credit in disease.sources
        ],
    )
    return graph(page, own, *organizations)


def condition_json_ld(disease: DiseasePage, url: str) -> Thing:
    """The disease itself: only its own names, and only the codes that mean it and nothing else."""
    return thing(
        "MedicalCondition",
        id=f"{url}#disease",
        name=disease.title,
        alternateName=[name.text for name in disease.synonyms if name.kind != SynonymKind.SUBTYPE],
        description=disease.summary,
        code=[
            thing("MedicalCode", codeValue=code.value, codingSystem=code.scheme, url=code.url)
            for code in disease.identifiers
            if code.relation == Relation.EXACT
        ],
    )


def review(disease: DiseasePage) -> dict[str, Any]:
    """When and by whom the page was reviewed: nothing, unless every part of it that could be was.

    The vocabulary's `lastReviewed` is the whole page's, so it is the day of the oldest review: since then there is
    nothing here that nobody has looked at. The newest would pass an old answer off as reviewed. A table of signs says
    of itself that it has no date, and so the page around it has none.
    """
    days = [answer.reviewed_on for answer in disease.questions if answer.reviewed_on]
    if not days or len(days) < len(disease.questions) or disease.symptom_table:
        return {}
    names = dict.fromkeys(answer.reviewed_by for answer in disease.questions if answer.reviewed_by)
    return {"lastReviewed": min(days).isoformat(), "reviewedBy": [thing("Person", name=name) for name in names]}


def question_json_ld(answer: QuestionValue, url: str) -> Thing:
    source = thing("CreativeWork", name=answer.source, url=answer.source_url)
    told = len(source) > 1
    accepted = thing(
        "Answer",
        text="\n".join(blocks(answer.html)),
        dateModified=_day(answer.last_updated),
        isBasedOn=source if told and answer.adapted else None,
        citation=source if told and not answer.adapted else None,
    )
    return thing("Question", id=f"{url}#{answer.anchor}", name=answer.question, acceptedAnswer=accepted)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
