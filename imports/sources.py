"""The sources that imports know, with the licence and attribution that each asks for."""

from diseases.models import Source
from imports.models import Dataset

SYMPTOMS = "The terms for symptoms are those of the Human Phenotype Ontology (https://hpo.jax.org)."
OUR_CHANGES = "Put into another form by this site, which none of them endorses."
MEDQUAD = (
    "A. Ben Abacha, D. Demner-Fushman, “A Question-Entailment Approach to Question Answering”, "
    "BMC Bioinformatics 20 (2019) 511. Texts originate from the Genetic and Rare Diseases Information Center, NIH. "
    f"{SYMPTOMS} {OUR_CHANGES}"
)
ORPHANET = (
    "Orphadata: Free access data from Orphanet. © INSERM 1999. Available on https://www.orphadata.com. "
    f"{SYMPTOMS} {OUR_CHANGES}"
)
MONDO = (
    "Names and cross-references from the Mondo Disease Ontology, Monarch Initiative; its mapping tables are in the "
    f"public domain (CC0 1.0). {OUR_CHANGES}"
)
CC_BY = {"licence": "CC BY 4.0", "licence_url": "https://creativecommons.org/licenses/by/4.0/"}

KNOWN: dict[str, dict[str, str]] = {
    "GARD": {
        "url": "https://rarediseases.info.nih.gov/",
        "attribution": "Genetic and Rare Diseases Information Center (GARD), National Institutes of Health, USA.",
    },
    "MedQuAD GARD": {"url": "https://github.com/abachaa/MedQuAD", "attribution": MEDQUAD, **CC_BY},
    "Orphanet": {"url": "https://www.orpha.net/", "attribution": ORPHANET, **CC_BY},
    "Mondo": {"url": "https://mondo.monarchinitiative.org/", "attribution": MONDO, **CC_BY},
}

SOURCE_OF: dict[str, str] = {Dataset.MEDQUAD: "MedQuAD GARD", Dataset.ORPHANET: "Orphanet", Dataset.MONDO: "Mondo"}
"""The name of the source of each data set, as pages print it until an editor changes it."""


def source_of(dataset: str) -> Source | None:
    """Returns the source of a data set's texts, even if an editor has renamed it. Creates it where it is missing.

    Returns None for pages of text, which name the source of each answer.
    """
    if dataset not in SOURCE_OF:
        return None
    if source := Source.objects.filter(dataset=dataset).first():
        return source
    if source := source_named(SOURCE_OF[dataset]):
        source.dataset = dataset
        source.save(update_fields=["dataset"])
    return source


def source_named(name: str) -> Source | None:
    """Returns the source of this name, None for an empty name. Creates it, with what is known, where it is missing."""
    if not name:
        return None
    source, _created = Source.objects.get_or_create(name=name, defaults=KNOWN.get(name, {}))
    return source
