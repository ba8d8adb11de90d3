"""Makes queries that readers might type from real names, by rules that are independent of the search.

Typing errors follow the layout of a keyboard. British and American spellings come from a list of whole words, as a
dictionary has them. Possessives and accents are added by rules of this module.
"""

import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.bench.search_pages import Subject

SAMPLE = 2_000

KEYBOARD = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
WORDS = """
    anemia/anaemia anemias/anaemias anemic/anaemic leukemia/leukaemia leukemias/leukaemias
    hemophilia/haemophilia hemochromatosis/haemochromatosis hemolytic/haemolytic hemorrhagic/haemorrhagic
    hemorrhage/haemorrhage hemoglobin/haemoglobin hemoglobinuria/haemoglobinuria
    hemoglobinopathy/haemoglobinopathy hemangioma/haemangioma hemangiomas/haemangiomas
    hemangiomatosis/haemangiomatosis hemangioendothelioma/haemangioendothelioma
    hemangioblastoma/haemangioblastoma hemangiopericytoma/haemangiopericytoma hematologic/haematologic
    hematological/haematological hematoma/haematoma hematopoietic/haematopoietic hematuria/haematuria
    hemosiderosis/haemosiderosis hemophagocytic/haemophagocytic thalassemia/thalassaemia ischemia/ischaemia
    ischemic/ischaemic hypoglycemia/hypoglycaemia hyperglycemia/hyperglycaemia
    hypercholesterolemia/hypercholesterolaemia hyperlipidemia/hyperlipidaemia
    hypertriglyceridemia/hypertriglyceridaemia hyperlipoproteinemia/hyperlipoproteinaemia
    abetalipoproteinemia/abetalipoproteinaemia hypocalcemia/hypocalcaemia hypercalcemia/hypercalcaemia
    hypokalemia/hypokalaemia hyperkalemia/hyperkalaemia hyperkalemic/hyperkalaemic hypokalemic/hypokalaemic
    hypomagnesemia/hypomagnesaemia hyperuricemia/hyperuricaemia hyperammonemia/hyperammonaemia
    hyperphenylalaninemia/hyperphenylalaninaemia hyperprolinemia/hyperprolinaemia tyrosinemia/tyrosinaemia
    acidemia/acidaemia galactosemia/galactosaemia citrullinemia/citrullinaemia argininemia/argininaemia
    hyperhomocysteinemia/hyperhomocysteinaemia hypoalbuminemia/hypoalbuminaemia
    agammaglobulinemia/agammaglobulinaemia hypogammaglobulinemia/hypogammaglobulinaemia
    macroglobulinemia/macroglobulinaemia thrombocythemia/thrombocythaemia polycythemia/polycythaemia
    methemoglobinemia/methaemoglobinaemia bacteremia/bacteraemia toxemia/toxaemia uremic/uraemic uremia/uraemia
    edema/oedema lymphedema/lymphoedema myxedema/myxoedema papilledema/papilloedema esophageal/oesophageal
    esophagus/oesophagus esophagitis/oesophagitis estrogen/oestrogen fetal/foetal fetus/foetus celiac/coeliac
    diarrhea/diarrhoea apnea/apnoea dyspnea/dyspnoea cecal/caecal pediatric/paediatric gynecologic/gynaecologic
    orthopedic/orthopaedic anesthesia/anaesthesia paresthesia/paraesthesia etiology/aetiology nevus/naevus
    nevi/naevi pheochromocytoma/phaeochromocytoma cesarean/caesarean tumor/tumour tumors/tumours
    tumoral/tumoural color/colour behavior/behaviour behavioral/behavioural odor/odour generalized/generalised
    localized/localised characterized/characterised disorganized/disorganised immunization/immunisation
    unrecognized/unrecognised isoimmunization/isoimmunisation vascularized/vascularised catalyzed/catalysed
    paralyzed/paralysed organized/organised fiber/fibre fibers/fibres center/centre centers/centres
    caliber/calibre goiter/goitre leukodystrophy/leucodystrophy leukocyte/leucocyte
    leukoencephalopathy/leucoencephalopathy leukopenia/leucopenia sulfate/sulphate sulfite/sulphite
    sulfur/sulphur gray/grey aging/ageing analog/analogue homolog/homologue signaling/signalling disk/disc
    molds/moulds mold/mould aluminum/aluminium maneuver/manoeuvre ameba/amoeba amebic/amoebic feces/faeces
    fecal/faecal hemorrhoid/haemorrhoid hemostasis/haemostasis septicemia/septicaemia ketonemia/ketonaemia
    lipemia/lipaemia hypoproteinemia/hypoproteinaemia dysbetalipoproteinemia/dysbetalipoproteinaemia
    hypoxemia/hypoxaemia hyperinsulinemia/hyperinsulinaemia hypouricemia/hypouricaemia
    hypophosphatemia/hypophosphataemia hypophosphatemic/hypophosphataemic hyperphosphatemia/hyperphosphataemia
    hyperbilirubinemia/hyperbilirubinaemia dysfibrinogenemia/dysfibrinogenaemia afibrinogenemia/afibrinogenaemia
    hypofibrinogenemia/hypofibrinogenaemia analbuminemia/analbuminaemia sitosterolemia/sitosterolaemia
    xanthinemia/xanthinaemia glycinemia/glycinaemia hyperglycinemia/hyperglycinaemia cyanemia/cyanaemia
    hyperlysinemia/hyperlysinaemia histidinemia/histidinaemia hypermethioninemia/hypermethioninaemia
    hyperferritinemia/hyperferritinaemia hypoceruloplasminemia/hypocaeruloplasminaemia
    aceruloplasminemia/acaeruloplasminaemia hypobetalipoproteinemia/hypobetalipoproteinaemia
    hypoalphalipoproteinemia/hypoalphalipoproteinaemia atransferrinemia/atransferrinaemia
    chylomicronemia/chylomicronaemia erythremia/erythraemia
"""
BRITISH = dict(pair.split("/") for pair in WORDS.split())
AMERICAN = {british: american for american, british in BRITISH.items()}

PLAIN = {"é": "e", "è": "e", "ë": "e", "ü": "u", "ö": "o", "ä": "a", "á": "a", "à": "a", "ç": "c", "ï": "i", "ó": "o"}
PLAIN |= {"í": "i", "ú": "u", "ñ": "n", "Å": "A"}
ACCENTED = {"a": "áàâäå", "e": "éèêë", "i": "íîï", "o": "óôöø", "u": "úûü", "c": "ç", "n": "ñ"}

EXAMPLES = {
    "hemocromatosis neonatel": "Neonatal hemochromatosis",
    "neonatal haemochromatosis": "Neonatal hemochromatosis",
    "neonatel hemocromatosis": "Neonatal hemochromatosis",
    "haemocromatosis neonatal": "Neonatal hemochromatosis",
    "Gaucher's disease": "Gaucher disease",
    "gauchers": "Gaucher disease",
    "uticaria": "urticaria",
    "guillian barre": "Guillain-Barré",
    "alzheimers": "Alzheimer",
    "moebius": "Moebius",
    "sjogren larson": "Sjögren-Larsson",
    "neuro fibromatosis type one": "Neurofibromatosis type 1",
    "erlers danlos": "Ehlers-Danlos",
    "what is cystic fibrosis": "Cystic fibrosis",
    "my son has duchene": "Duchenne",
    "tay sax disease": "Tay-Sachs",
}
"""Queries as people type them, each with a part of the name that must be the first to be found by it."""


@dataclass(frozen=True)
class Query:
    text: str
    right: frozenset[int]
    """The diseases that may come first: several where they share a name."""


class Queries:
    """The queries of a run. They are always the same, since every kind starts with the same seed."""

    def __init__(self, subjects: list[Subject]) -> None:
        self.subjects = subjects
        self.numbers_by_name: dict[str, set[int]] = defaultdict(set)
        for subject in subjects:
            for name in subject.names:
                self.numbers_by_name[name.casefold()].add(subject.number)

    def right(self, name: str) -> frozenset[int]:
        return frozenset(self.numbers_by_name[name.casefold()])

    def titles(self) -> list[str]:
        return [subject.name for subject in self.subjects]

    def other_names(self) -> list[str]:
        """Returns the synonyms that have a word of six lower-case letters, so are no abbreviations."""
        return [name for subject in self.subjects for name in subject.synonyms if re.search("[a-z]{6}", name)]

    def changed(self, names: list[str], change: Callable[[Random, str], str], sample: int = SAMPLE) -> list[Query]:
        random = Random(2026)  # noqa: S311 # nothing is kept secret with it
        found = []
        for name in random.sample(names, len(names)):
            text = change(random, name)
            if text and text != name:
                found.append(Query(text, self.right(name)))
            if len(found) == sample:
                break
        return found


def slip(random: Random, name: str) -> str:
    """Returns a name with one typing error in a word of at least four letters; "" where no word is that long.

    The error is a letter left out, doubled, typed together with a neighbour on the keyboard, replaced by a neighbour,
    or swapped with the next letter.
    """
    places = [at for word in re.finditer(r"[^\W\d_]{4,}", name) for at in range(*word.span())]
    if not places:
        return ""
    while True:
        at = random.choice(places)
        letter = name[at].lower()
        beside = neighbours(letter)
        slipped = random.choice(
            [
                name[:at] + name[at + 1 :],
                name[:at] + random.choice(beside + letter) + name[at:],
                name[:at] + random.choice(beside) + name[at + 1 :],
                name[:at] + name[at : at + 2][::-1] + name[at + 2 :] if at + 1 in places else name,
            ]
        )
        if slipped.casefold() != name.casefold():
            return slipped


def neighbours(letter: str) -> str:
    for above, row in enumerate(KEYBOARD):
        if letter in row:
            at = row.index(letter)
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            return near + "".join(
                other[at : at + 1] for other in KEYBOARD[max(0, above - 1) : above + 2] if other != row
            )
    return "aeiou"


def two_slips(random: Random, name: str) -> str:
    once = slip(random, name)
    return slip(random, once) if once else ""


def other_words(pairs: dict[str, str]) -> Callable[[Random, str], str]:
    def change(_random: Random, name: str) -> str:
        return reworded(name, pairs)

    return change


def reworded(name: str, pairs: dict[str, str]) -> str:
    def change(word: re.Match[str]) -> str:
        other = pairs.get(word[0].lower(), word[0])
        return other.capitalize() if word[0][0].isupper() else other

    return re.sub(r"[A-Za-z]+", change, name)


def possessive(random: Random, name: str) -> str:
    """Makes a person's name before "disease", "syndrome" and the like possessive."""
    ending = random.choice(["'s", "’s", "s", "s'"])
    return re.sub(
        r"\b([A-Z][a-zé]{3,})(?= (?:disease|syndrome|anomaly|anemia|ataxia|dystrophy)\b)", rf"\1{ending}", name
    )


def without_accents(random: Random, name: str) -> str:
    """Removes accents; sometimes ö and ü become oe and ue."""
    table = PLAIN | ({"ö": "oe", "ü": "ue", "ä": "ae"} if random.random() < 0.3 else {})
    return "".join(table.get(letter, letter) for letter in name)


def with_accents(random: Random, name: str) -> str:
    places = [at for at, letter in enumerate(name) if letter in ACCENTED]
    if not places:
        return ""
    at = random.choice(places)
    return name[:at] + random.choice(ACCENTED[name[at]]) + name[at + 1 :]


def swapped(random: Random, name: str) -> str:
    words = name.split()
    if len(words) < 2:
        return ""
    one, other = random.sample(range(len(words)), 2)
    words[one], words[other] = words[other], words[one]
    return " ".join(words)


def nonsense(count: int) -> Iterator[str]:
    random = Random(2026)  # noqa: S311
    for _ in range(count):
        yield "".join(random.choices(string.ascii_lowercase, k=random.randint(5, 12)))
