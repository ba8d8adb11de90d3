"""The standard texts that stand around the tables of symptoms in MedQuAD."""

OPENING_TEXT = (
    "The Human Phenotype Ontology provides the following list of signs and symptoms for Testitis. If the information "
    "is available, the table below includes how often the symptom is seen in people with this condition. You can use "
    "the MedlinePlus Medical Dictionary to look up the definitions for these medical terms. Signs and Symptoms "
    "Approximate number of patients (when available)"
)
CLOSING_TEXT = (
    "The Human Phenotype Ontology (HPO) has collected information on how often a sign or symptom occurs in a "
    "condition. Much of this information comes from Orphanet, a European rare disease database. The frequency of a "
    "sign or symptom is usually listed as a rough estimate of the percentage of patients who have that feature. The "
    "frequency may also be listed as a fraction. The first number of the fraction is how many people had the symptom, "
    "and the second number is the total number of people who were examined in one study. For example, a frequency of "
    "25/25 means that in a study of 25 people all patients were found to have that symptom. Because these frequencies "
    "are based on a specific study, the fractions may be different if another group of patients are examined. "
    "Sometimes, no information on frequency is available. In these cases, the sign or symptom may be rare or common."
)
