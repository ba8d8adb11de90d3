"""Reads codes of diseases in the many ways people write them: ORPHA:446, orpha 446, OMIM #231100, E83.1."""

import re

# Other names of a scheme, in capitals and without punctuation.
_ALIASES = {
    "ORPHANET": "ORPHA",
    "ORPHACODE": "ORPHA",
    "ORPHANUMBER": "ORPHA",
    "ORDO": "ORPHA",
    "MIM": "OMIM",
    "CUI": "UMLS",
}
_SCHEME_PATTERN = r"orpha(?:net|code|number)?|ordo|gard|o?mim|mondo|umls|cui|icd[\s-]*1[01](?:[\s-]*cm)?|icd"
_WITH_SCHEME = re.compile(
    rf"(?<![a-z])({_SCHEME_PATTERN})(?![a-z])[\s:#_-]*(?:(?:id|code|no|number)\b[\s:.#]*)?([a-z]{{0,3}}\d[0-9a-z.&/]*)",
    re.IGNORECASE | re.ASCII,
)
_SCHEME_IN_A_WORD = re.compile(rf"(?<![a-z])({_SCHEME_PATTERN})[\s:#_-]*(\d[0-9a-z.]*)$", re.IGNORECASE | re.ASCII)
_BARE = re.compile(r"#?\s*([a-z]{0,2}\d[0-9a-z.&/]*|[0-9][a-z]\d[0-9a-z.&/]*)", re.IGNORECASE | re.ASCII)


def _scheme(text: str) -> str:
    plain = re.sub("[^A-Z0-9]", "", text.upper())
    return _ALIASES.get(plain, plain)


def _value(text: str) -> str:
    """Returns a code without punctuation and leading zeros: GARD:0007172 is GARD:7172, E83.1 is E831."""
    plain = re.sub("[^A-Z0-9]", "", text.upper())
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain


def code_keys(code: str) -> tuple[str, str]:
    """Returns the two keys of a code in the index: with its scheme, and bare.

    The bare key of a Mondo number keeps its leading zeros: "446" alone does not mean MONDO:0000446.
    """
    scheme, _colon, value = code.partition(":")
    scheme = _scheme(scheme)
    bare = re.sub("[^A-Z0-9]", "", value.upper()) if scheme == "MONDO" else _value(value)
    return f"{scheme}:{_value(value)}"[:60], bare[:60]


def query_code_keys(text: str) -> tuple[list[str], list[str]]:
    """Returns the keys that a query may mean: those with a scheme, and the bare ones."""
    text = text.strip()[:200]
    if not re.search("[0-9]", text):
        return [], []
    found = _WITH_SCHEME.search(text) or _SCHEME_IN_A_WORD.search(text)
    if found:
        scheme, value = _scheme(found[1]), _value(found[2].rstrip("./&"))
        schemes = ["ICD10", "ICD11", "ICD10CM"] if scheme == "ICD" else [scheme]
        return [f"{scheme}:{value}" for scheme in schemes], []
    bare = _BARE.fullmatch(text)
    if not bare:
        return [], []
    code = re.sub("[^A-Z0-9]", "", bare[1].upper())
    return [], sorted({code, _value(code)})
