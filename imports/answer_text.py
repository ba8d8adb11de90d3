"""Reads an answer of MedQuAD, which has lost its paragraphs, lists, links and letters outside ASCII.

Nothing is lost: what does not reach the answer, its question or the symptoms is in `dropped`, and named in the remarks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from html import escape
from itertools import groupby, pairwise
from typing import NamedTuple

from imports import symptom_table
from imports.lines import NO_TEXT
from imports.records import SymptomRecord
from publishing.values import LINE_LENGTH, TEXT_LENGTH


@dataclass(frozen=True)
class AnswerText:
    question: str
    answer: str  # HTML, escaped; "" where nothing is said
    symptoms: tuple[SymptomRecord, ...] = ()
    remarks: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()  # word for word, what stands in none of the above
    table: symptom_table.AnswerSymptomTable | None = None


class AnswerBlock(NamedTuple):
    tag: str
    text: str


ASKS = (
    r"(?:What|How|Is|Are|Can|Could|Do|Does|Did|Has|Have|If|Who|Whom|Whose|Why|When|Where|Which|Since|Should|Will|Would"
    r"|May|Might|Was|Were)\b"
)
# A question is one sentence; "St. Louis" inside is not worth a rule, since the generated question then stands instead.
QUESTION = rf"{ASKS}(?:(?![.!?:;]\s)[^?]){{2,{LINE_LENGTH - 5}}}\?(?=\s|$)"
FIRST_QUESTION = re.compile(rf"\s*({QUESTION})\s*")
INNER_QUESTION = re.compile(rf"(?:^|(?<=[.!?)\]\"’”]))\s*(?<!\S)({QUESTION})\s+(?=[A-Z0-9])")

CITATION = re.compile(r"\s?\[(?:\d{1,5}|orphanet|OMIM)\]", re.IGNORECASE)
URL_PATTERN = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’”)\]]")
DEAD_LINK = re.compile(
    r"\bclick(?:ing)?\s+(?:here|on|the)\b|\blinks?\s+(?:\w+\s+){0,2}below\b|\bfollowing\s+links?\b"
    r"|\bbelow\s+(?:\w+\s+)?links?\b",
    re.IGNORECASE,
)
# "over time.Historically, AVMD": a sentence ends in a word of the language and the next one goes on after its first.
GLUED = re.compile(rf"{URL_PATTERN.pattern}|[.:](?:(?<=[a-z]{{3}}[.:])|(?<=[a-z]\)[.:]))(?=[A-Z][A-Za-z]*,?\s[\w(\"])")
# Words of names that Orphanet writes with an accent, without the letters that carry it; some are words in themselves.
LOST_LETTERS_PATTERN = re.compile(
    r"\b(?:[Cc]af(?=[\s-]au\b)|Mnire|Mntrier|Sjgren|Behets?|(?<=Guillain[\s-])Barr|Debr|Gnther|Graudel|Hnermann"
    r"|Knig|Lengre|Lri|Schller|Waldenstrm|Cant(?=\s+syndrome)|Bal(?=\s+(?:disease|concentric)))\b"
)
APOSTROPHES = """
    childs childrens bodys womens doesnt dont didnt isnt arent wasnt werent hasnt havent cant wont couldnt Alzheimers
    Cooleys Crohns Cushings Downs Ewings Fowlers Hashimotos Hodgkins Parkinsons Picks Prinzmetals Stills Wilsons
"""
LOST_APOSTROPHES = frozenset(APOSTROPHES.split())

SENTENCE_END = re.compile(r"[.!?][)\]\"'’”]*$")
SENTENCE_START = re.compile(r"[\"'“‘(]?[A-Z0-9]")
INNER_SENTENCE = re.compile(r"[.!?][)\]\"'’”]* (?=[\"'“‘(]?[A-Z])")
LONGEST_ITEM = 300


def read_medquad_answer(generated: str, raw: str, names: Iterable[str]) -> AnswerText:
    """`generated` is MedQuAD's own question, `names` are those of the disease."""
    text = NO_TEXT.sub("", raw)
    remarks = [f"{len(raw) - len(text)} characters are no text"] if text != raw else []
    question, rest = _question(text)
    remarks += _remarks_on_question(question, tuple(names))
    table = symptom_table.split(rest)
    symptoms, table_remarks = symptom_table.symptoms(table)
    if table.opening:
        remarks.append(f"a table of {len(table.rows)} symptoms was taken out, with the standard texts around it")
    blocks = [block for part in (table.before, table.after) for block in _blocks(part)]
    citations = tuple(mark.strip() for block in blocks for mark in CITATION.findall(block.text))
    answer = "\n".join(_blocks_html(blocks))
    dropped = [table.opening, table.closing, table.unread, *citations]
    words = " ".join(block.text for block in blocks)
    remarks += [*table_remarks, *_remarks_on_words(f"{question} {words}", blocks, citations)]
    if len(answer) > TEXT_LENGTH:
        remarks.append(f"the answer was left out: it has {len(answer):,} characters, and {TEXT_LENGTH:,} fit")
        answer, dropped = "", [*dropped, CITATION.sub("", words)]
    elif not any(map(str.isalnum, words)):
        remarks += [] if table.opening else ["there is no answer"]
        answer, dropped = "", [*dropped, CITATION.sub("", words)]
    return AnswerText(
        question or _line(generated).replace("What is (are) ", "What is ", 1),
        answer,
        symptoms,
        tuple(remarks),
        tuple(filter(None, dropped)),
        table,
    )


def _line(question: str) -> str:
    return re.sub(r" \?$", "?", " ".join(question.split()))


def _question(text: str) -> tuple[str, str]:
    """The questions that the text begins with, as one line, and the rest."""
    questions: list[str] = []
    at = 0
    while found := FIRST_QUESTION.match(text, at):
        question = _line(found[1])
        if len(" ".join([*questions, question])) > LINE_LENGTH:
            break
        questions.append(question)
        at = found.end()
    return " ".join(questions), text[at:]


def _blocks(text: str) -> Iterator[AnswerBlock]:
    """Headings, paragraphs and list items; their texts are the whole text, white space folded and sentences unglued."""
    for passage in re.split(r"\n\s*\n", text):
        line = " ".join(filter(None, (part.strip() for part in re.split(r"[\n\r\t]", passage))))
        at = 0
        for inner in INNER_QUESTION.finditer(line) if "?" in line else ():
            yield from _answer_paragraphs(line[at : inner.start()])
            yield AnswerBlock("h3", _line(inner[1]))
            at = inner.end()
        yield from _answer_paragraphs(line[at:])


def _answer_paragraphs(text: str) -> Iterator[AnswerBlock]:
    """Cuts at double spaces where they are certain to have been paragraphs or list items.

    Some authors typed two spaces after each full stop: those are no paragraphs.
    """
    pieces = [" ".join(_unglued(piece).split()) for piece in re.split(r"\s{2,}", text.strip())]
    if not any(pieces):
        return
    first_item = next((i for i, piece in enumerate(pieces, 1) if piece.endswith(":") and _is_list(pieces[i:])), None)
    prose, items = pieces[:first_item], pieces[first_item:] if first_item else []
    double = sum(_may_break(before, after) for before, after in pairwise(prose))
    single = sum(len(INNER_SENTENCE.findall(piece)) for piece in prose)
    paragraph = prose[0]
    for before, after in pairwise(prose):
        if single >= double and _may_break(before, after):
            yield AnswerBlock("p", paragraph)
            paragraph = after
        else:
            paragraph = f"{paragraph} {after}"
    yield AnswerBlock("p", paragraph)
    yield from (AnswerBlock("li", item) for item in items)


def _unglued(text: str) -> str:
    return GLUED.sub(lambda found: found[0] if len(found[0]) > 1 else f"{found[0]} ", text)  # an address stays as it is


def _may_break(before: str, after: str) -> bool:
    return bool(SENTENCE_END.search(before) and SENTENCE_START.match(after))


def _is_list(items: list[str]) -> bool:
    """Whether they are the items of a list to its end: all made alike, none with a second sentence glued to it."""
    return (
        len(items) > 2
        and all(0 < len(item) <= LONGEST_ITEM and not INNER_SENTENCE.search(item) for item in items)
        and not any(mark in item for item in items for mark in ":?")
        and len({bool(SENTENCE_END.search(item)) for item in items}) == 1
        and len({item[0].isupper() for item in items}) == 1
    )


def _blocks_html(blocks: Iterable[AnswerBlock]) -> Iterator[str]:
    for tag, group in groupby(blocks, key=lambda block: block.tag):
        # A heading of a question, or a paragraph, may consist of a citation alone.
        texts = [text for text in (CITATION.sub("", block.text).strip() for block in group) if text]
        if tag == "li" and texts:
            yield f"<ul>{''.join(f'<li>{_linked(text)}</li>' for text in texts)}</ul>"
        elif tag != "li":
            yield from (f"<{tag}>{_linked(text)}</{tag}>" for text in texts)


def _linked(text: str) -> str:
    """Escaped, with bare addresses as links."""
    at, parts = 0, []
    for url in URL_PATTERN.finditer(text):
        parts += [escape(text[at : url.start()], quote=False), f'<a href="{escape(url[0])}">{escape(url[0])}</a>']
        at = url.end()
    return "".join([*parts, escape(text[at:], quote=False)])


def _remarks_on_question(question: str, names: tuple[str, ...]) -> list[str]:
    if question and not _is_about(question, names):
        return [f"the question may be about another disease: {question}"]
    return []


ASKING = """
    what how is are be the a an of for to in on and or with who why when which this that have has do does can might may
    could will i my if so it its signs symptoms sign symptom cause causes caused inherit inherits inherited inheritance
    genetic gene testing test tests available diagnosed diagnosis treated treatment treatments treat treating people
    condition disease syndrome disorder type associated someone any there individuals current most therapy cure also
    manner
"""
STOCK = frozenset(ASKING.split())


def _is_about(question: str, names: tuple[str, ...]) -> bool:
    """Whether at least half of its words are of a name, or nearly so; a question that names nothing is."""
    folded = question.casefold()
    if any(name.casefold() in folded for name in names if name):
        return True
    words = [word for word in re.findall(r"\w+", folded) if word not in STOCK]
    known = list({word for name in names for word in re.findall(r"\w+", name.casefold())} - STOCK)
    alike = [word for word in words if get_close_matches(word, known, 1, 0.75)]
    return not words or 2 * len(alike) >= len(words)


def _remarks_on_words(words: str, blocks: list[AnswerBlock], citations: tuple[str, ...]) -> Iterator[str]:
    for what, found in (
        ("citation marks without a list were dropped", citations),
        ("a second question stands in it", [block.text for block in blocks if block.tag == "h3"]),
        ("words of a link that is no longer there", DEAD_LINK.findall(words)),
        ("letters may be missing", LOST_LETTERS_PATTERN.findall(words)),
        ("an apostrophe may be missing", [word for word in re.findall(r"\w+", words) if word in LOST_APOSTROPHES]),
    ):
        if found:
            yield f"{what}: {', '.join(dict.fromkeys(found))}"
