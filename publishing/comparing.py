"""Differences between two texts, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Run:
    """A run of words that both texts have (`same`), or one of them alone (`del`: the old, `ins`: the new)."""

    sort: str
    text: str


def word_runs(old: str, new: str) -> list[Run]:
    """How the new text comes from the old one. The runs that are not `ins` spell the old text, those not `del` the new.

    White space belongs to the word before it.
    """
    before, after = re.findall(r"\s*\S+\s*", old), re.findall(r"\s*\S+\s*", new)
    runs = []
    for sort, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if sort == "equal":
            runs.append(Run("same", "".join(before[i:j])))
            continue
        if j > i:
            runs.append(Run("del", "".join(before[i:j])))
        if m > k:
            runs.append(Run("ins", "".join(after[k:m])))
    return runs
