"""The sources that imports know, with what each asks for where its texts are used."""

from diseases.models import Source
from imports.models import Dataset

SYMPTOMS = "The terms for symptoms are those of the Human Phenotype Ontology (https://hpo.jax.org)."
OURS = "Put into another form by this site, which none of them endorses."
MEDQUAD = (
    "A. Ben Abacha, D. Demner-Fushman, “A Question-Entailment Approach to Question Answering”, "
    "BMC Bioinformatics 20 (2019) 511. Texts originate from the Genetic and Rare Diseases Information Center, NIH. "
    f"{SYMPTOMS} {OURS}"
)
ORPHANET = (
    "Orphadata: Free access data from Orphanet. © INSERM 1999. Available on https://www.orphadata.com. "
    f"{SYMPTOMS} {OURS}"
)
MONDO = (
    "Names and cross-references from the Mondo Disease Ontology, Monarch Initiative; its mapping tables are in the "
    f"public domain (CC0 1.0). {OURS}"
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

SOURCE_OF = {Dataset.MEDQUAD: "MedQuAD GARD", Dataset.ORPHANET: "Orphanet", Dataset.MONDO: "Mondo"}
"""Who a dataset's texts are from, as pages name it until an editor gives it another name."""


def source_of(dataset: str) -> Source:
    """The source of a dataset's texts, whatever it is called today."""
    if source := Source.objects.filter(dataset=dataset).first():
        return source
    name = SOURCE_OF[Dataset(dataset)]
    source, _created = Source.objects.get_or_create(name=name, defaults=KNOWN[name])
    source.dataset = dataset
    source.save(update_fields=["dataset"])
    return source


def source_named(name: str) -> Source | None:
    """The source of this name, made with what is known of it where there is none yet; None for no name."""
    if not name:
        return None
    source, _created = Source.objects.get_or_create(name=name, defaults=KNOWN.get(name, {}))
    return source
