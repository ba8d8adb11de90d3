"""The sources that imports know, with what each asks for where its texts are used."""

from diseases.models import Dataset, Source

MEDQUAD = (
    "A. Ben Abacha, D. Demner-Fushman, “A Question-Entailment Approach to Question Answering”, "
    "BMC Bioinformatics 20 (2019) 511. Texts originate from the Genetic and Rare Diseases Information Center, NIH."
)
ORPHANET = "Orphadata: Free access data from Orphanet. © INSERM 1999. Available on https://www.orphadata.com."
CC_BY = {"licence": "CC BY 4.0", "licence_url": "https://creativecommons.org/licenses/by/4.0/"}

KNOWN: dict[str, dict[str, str]] = {
    "GARD": {
        "url": "https://rarediseases.info.nih.gov/",
        "attribution": "Genetic and Rare Diseases Information Center (GARD), National Institutes of Health, USA.",
    },
    "MedQuAD GARD": {"url": "https://github.com/abachaa/MedQuAD", "attribution": MEDQUAD, **CC_BY},
    "Orphanet": {"url": "https://www.orpha.net/", "attribution": ORPHANET, **CC_BY},
}

SOURCE_OF = {Dataset.MEDQUAD: "MedQuAD GARD", Dataset.ORPHANET: "Orphanet", Dataset.MONDO: "Mondo"}
"""Who a dataset's texts are from, as pages name it."""


def source_named(name: str) -> Source | None:
    """The source of this name, made with what is known of it where there is none yet; None for no name."""
    if not name:
        return None
    source, _created = Source.objects.get_or_create(name=name, defaults=KNOWN.get(name, {}))
    return source
