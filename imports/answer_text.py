"""Reads an answer of MedQuAD, which has lost its paragraphs, lists, links and letters outside ASCII.

Nothing more is lost: what is not in the answer, its question or the symptoms is in `dropped` and in the remarks.
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
    """A question and an answer as they were read."""

    question: str
    answer: str  # HTML, escaped; "" where there is no answer
    symptoms: tuple[SymptomRecord, ...] = ()
    remarks: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()  # the texts that are in none of the above
    table: symptom_table.AnswerSymptomTable | None = None


class AnswerBlock(NamedTuple):
    tag: str
    text: str


QUESTION_WORD = (
    r"(?:What|How|Is|Are|Can|Could|Do|Does|Did|Has|Have|If|Who|Whom|Whose|Why|When|Where|Which|Since|Should|Will|Would"
    r"|May|Might|Was|Were)\b"
)
# A question is one sentence. "St. Louis" in it needs no rule, since MedQuAD's own question is then used.
QUESTION = rf"{QUESTION_WORD}(?:(?![.!?:;]\s)[^?]){{2,{LINE_LENGTH - 5}}}\?(?=\s|$)"
FIRST_QUESTION = re.compile(rf"\s*({QUESTION})\s*")
INNER_QUESTION = re.compile(rf"(?:^|(?<=[.!?)\]\"’”]))\s*(?<!\S)({QUESTION})\s+(?=[A-Z0-9])")

CITATION = re.compile(r"\s?\[(?:\d{1,5}|orphanet|OMIM)\]", re.IGNORECASE)
URL_PATTERN = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’”)\]]")
DEAD_LINK = re.compile(
    r"\bclick(?:ing)?\s+(?:here|on|the)\b|\blinks?\s+(?:\w+\s+){0,2}below\b|\bfollowing\s+links?\b"
    r"|\bbelow\s+(?:\w+\s+)?links?\b",
    re.IGNORECASE,
)
# "over time.Historically, AVMD": the space between two sentences is missing. Web addresses match too, unchanged.
MISSING_SPACE = re.compile(
    rf"{URL_PATTERN.pattern}|[.:](?:(?<=[a-z]{{3}}[.:])|(?<=[a-z]\)[.:]))(?=[A-Z][A-Za-z]*,?\s[\w(\"])"
)
# Names that Orphanet writes with an accent, without the accented letters. Some of them are also common words.
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
MAX_ITEM_LENGTH = 300


def read_medquad_answer(generated: str, raw: str, names: Iterable[str]) -> AnswerText:
    """Reads an answer. `generated` is MedQuAD's own question; `names` are the names of the disease."""
    text = NO_TEXT.sub("", raw)
    remarks = [f"{len(raw) - len(text)} characters are not text"] if text != raw else []
    question, rest = _question(text)
    if question and not _is_about(question, tuple(names)):
        remarks.append(f"the question may be about another disease: {question}")
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
        remarks.append(f"the answer was left out: it has {len(answer):,} characters, and at most {TEXT_LENGTH:,} fit")
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
    """Returns the questions at the beginning of a text, as one line, and the rest of the text."""
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
    """Yields the text as headings, paragraphs and list items, with simple spaces and missing spaces restored."""
    for passage in re.split(r"\n\s*\n", text):
        line = " ".join(filter(None, (part.strip() for part in re.split(r"[\n\r\t]", passage))))
        at = 0
        for inner in INNER_QUESTION.finditer(line) if "?" in line else ():
            yield from _answer_paragraphs(line[at : inner.start()])
            yield AnswerBlock("h3", _line(inner[1]))
            at = inner.end()
        yield from _answer_paragraphs(line[at:])


def _answer_paragraphs(text: str) -> Iterator[AnswerBlock]:
    """Divides a text at double spaces, where these certainly were paragraphs or list items.

    Some authors typed two spaces after each full stop: these are not paragraphs.
    """
    parts = [" ".join(_with_spaces(part).split()) for part in re.split(r"\s{2,}", text.strip())]
    if not any(parts):
        return
    first_item = next((i for i, part in enumerate(parts, 1) if part.endswith(":") and _is_list(parts[i:])), None)
    prose, items = parts[:first_item], parts[first_item:] if first_item else []
    double_spaces = sum(_may_break(before, after) for before, after in pairwise(prose))
    single_spaces = sum(len(INNER_SENTENCE.findall(part)) for part in prose)
    paragraph = prose[0]
    for before, after in pairwise(prose):
        if single_spaces >= double_spaces and _may_break(before, after):
            yield AnswerBlock("p", paragraph)
            paragraph = after
        else:
            paragraph = f"{paragraph} {after}"
    yield AnswerBlock("p", paragraph)
    yield from (AnswerBlock("li", item) for item in items)


def _with_spaces(text: str) -> str:
    """Returns a text with the missing spaces between its sentences. A longer match is a web address."""
    return MISSING_SPACE.sub(lambda match: match[0] if len(match[0]) > 1 else f"{match[0]} ", text)


def _may_break(before: str, after: str) -> bool:
    """Tells whether a paragraph may end between two texts."""
    return bool(SENTENCE_END.search(before) and SENTENCE_START.match(after))


def _is_list(items: list[str]) -> bool:
    """Tells whether all texts are the items of one list: they have the same form, and each is one sentence."""
    return (
        len(items) > 2
        and all(0 < len(item) <= MAX_ITEM_LENGTH and not INNER_SENTENCE.search(item) for item in items)
        and not any(mark in item for item in items for mark in ":?")
        and len({bool(SENTENCE_END.search(item)) for item in items}) == 1
        and len({item[0].isupper() for item in items}) == 1
    )


def _blocks_html(blocks: Iterable[AnswerBlock]) -> Iterator[str]:
    for tag, group in groupby(blocks, key=lambda block: block.tag):
        # A heading or a paragraph may hold nothing but a citation.
        texts = [text for text in (CITATION.sub("", block.text).strip() for block in group) if text]
        if tag == "li" and texts:
            yield f"<ul>{''.join(f'<li>{_linked(text)}</li>' for text in texts)}</ul>"
        elif tag != "li":
            yield from (f"<{tag}>{_linked(text)}</{tag}>" for text in texts)


def _linked(text: str) -> str:
    """Returns a text as escaped HTML, with its web addresses as links."""
    at, parts = 0, []
    for url in URL_PATTERN.finditer(text):
        parts += [escape(text[at : url.start()], quote=False), f'<a href="{escape(url[0])}">{escape(url[0])}</a>']
        at = url.end()
    return "".join([*parts, escape(text[at:], quote=False)])


COMMON_WORDS = """
    what how is are be the a an of for to in on and or with who why when which this that have has do does can might may
    could will i my if so it its signs symptoms sign symptom cause causes caused inherit inherits inherited inheritance
    genetic gene testing test tests available diagnosed diagnosis treated treatment treatments treat treating people
    condition disease syndrome disorder type associated someone any there individuals current most therapy cure also
    manner
"""
QUESTION_STOP_WORDS = frozenset(COMMON_WORDS.split())


def _is_about(question: str, names: tuple[str, ...]) -> bool:
    """Tells whether a question is about a disease: at least half of its words, without stop words, are in its names.

    Small differences in spelling do not matter. A question of stop words only counts as being about it.
    """
    folded = question.casefold()
    if any(name.casefold() in folded for name in names if name):
        return True
    words = [word for word in re.findall(r"\w+", folded) if word not in QUESTION_STOP_WORDS]
    name_words = list({word for name in names for word in re.findall(r"\w+", name.casefold())} - QUESTION_STOP_WORDS)
    matches = [word for word in words if get_close_matches(word, name_words, 1, 0.75)]
    return not words or 2 * len(matches) >= len(words)


def _remarks_on_words(words: str, blocks: list[AnswerBlock], citations: tuple[str, ...]) -> Iterator[str]:
    for what, found in (
        ("citation marks were left out, since their list is missing", citations),
        ("it holds a second question", [block.text for block in blocks if block.tag == "h3"]),
        ("words of a link that is no longer there", DEAD_LINK.findall(words)),
        ("letters may be missing", LOST_LETTERS_PATTERN.findall(words)),
        ("an apostrophe may be missing", [word for word in re.findall(r"\w+", words) if word in LOST_APOSTROPHES]),
    ):
        if found:
            yield f"{what}: {', '.join(dict.fromkeys(found))}"
