"""Reads the organizations at the end of a page of text: a name, an address, and labelled contact details.

Labels may be in any order, with several on one line. The parts of an address have no labels: see address_text.
"""

import re
from dataclasses import dataclass, field

from imports.address_text import place, split_name
from imports.lines import NumberedLine


@dataclass(frozen=True)
class OrganizationText:
    line: int
    name: str
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    toll_free: str = ""
    fax: str = ""
    email: str = ""
    website: str = ""


# A label is not inside a word or a web address: "https:" and "https://example.org/web:8" hold none.
LABEL = re.compile(
    r"(?<![\w@/.:&?=#-])(?:"
    r"(?P<toll_free>toll[\s-]?free(?:\s(?:(?:tele)?phone|number|tel))?)"
    r"|(?P<phone>(?:(?:hotline|helpline)\s)?(?:(?:tele)?phone|tel)(?:\s(?:number|no))?\.?)"
    r"|(?P<fax>fax(?:\s(?:number|no))?\.?)"
    r"|(?P<email>e-?mail(?:\saddress)?)"
    r"|(?P<website>url|web\s?site(?:\saddress)?|web(?:\s(?:page|address))?)"
    r"|(?P<address>(?:(?:mailing|postal|street)\s)?address)"
    r"|(?P<name>name)"
    r")\s?:(?!//)",
    re.IGNORECASE,
)
NUMBER_LABELS = frozenset({"phone", "toll_free", "fax"})
NUMBER_ALONE = re.compile(r"[+(\d][\d\s().–/-]*(?:[A-Z]{2,}(?:\s\(\d+\))?)?")
EMAIL_PATTERN = re.compile(r"[^\s@:]+@[^\s@]+\.[^\s@]+")
WEBSITE = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?::\d+)?(?:[/?#]\S*)?")


@dataclass
class _Block:
    """Collects what the lines say about one organization."""

    line: int
    name: str = ""
    address: list[str] = field(default_factory=list)
    has_address_label: bool = False
    contacts: dict[str, str] = field(default_factory=dict)
    current_label: str = "name"  # to which the next line without a label belongs
    printed: list[NumberedLine] = field(default_factory=list)
    unplaced: list[NumberedLine] = field(default_factory=list)


def opens_organization(text: str) -> bool:
    label = LABEL.match(text)
    return bool(label and label.lastgroup == "name")


def continues_organization(text: str) -> bool:
    return bool(LABEL.match(text))


def read_organizations(lines: list[NumberedLine]) -> tuple[list[OrganizationText], list[NumberedLine]]:
    """Returns the organizations, and the lines that are not used. The first line must begin an organization."""
    blocks: list[_Block] = []
    for number, line in lines:
        for label, printed_label, value in _contact_parts(line):
            if label == "name":
                blocks.append(_Block(number))
            block = blocks[-1]
            block.printed.append(NumberedLine(number, f"{printed_label} {value}".strip()))
            block.unplaced += [NumberedLine(number, text) for text in _put(block, label, printed_label, value)]
    organizations = [_finish(block) for block in blocks if block.name]
    # Of an organization without a name, nothing is used.
    unplaced = [each for block in blocks for each in (block.unplaced if block.name else block.printed)]
    return organizations, [each for each in unplaced if _has_text(each.text)]


def _contact_parts(line: str) -> list[tuple[str, str, str]]:
    """Returns (label, the label as printed, value) for each part of a line; the label is "" before the first one."""
    labels = [label for label in LABEL.finditer(line) if not _is_persons_name(line, label)]
    starts = [label.start() for label in labels] + [len(line)]
    parts = [("", "", line[: starts[0]].strip())] if line[: starts[0]].strip() else []
    for label, end in zip(labels, starts[1:], strict=True):
        parts.append((label.lastgroup or "", label.group(), line[label.end() : end].strip()))
    return parts


def _is_persons_name(line: str, label: re.Match[str]) -> bool:
    """Tells whether this is the "Name:" of "Contact name: Mary", and not the next organization on the same line."""
    return label.lastgroup == "name" and bool(re.search(r"(?<![\w@.-])[^\W\d_]+\s$", line[: label.start()]))


def _put(block: _Block, label: str, printed_label: str, value: str) -> list[str]:
    """Puts a value where its label says. Returns what has no place."""
    if not _has_text(value):
        block.current_label = label or block.current_label
        return []
    if not label:
        return _put_unlabelled(block, value)
    block.current_label = "address" if label in ("name", "address") else ""
    if label == "name":
        block.name = value
    elif label == "address" and not block.has_address_label:
        block.has_address_label = True
        block.address.append(value)
    elif label != "address" and label not in block.contacts:
        return _put_contact(block, label, printed_label, value)
    else:
        return [f"{printed_label} {value}"]
    return []


def _put_unlabelled(block: _Block, value: str) -> list[str]:
    """Puts a value without a label where the label before it says. Returns what has no place."""
    current = block.current_label
    if current == "name":
        block.name = value
        block.current_label = "address"
    elif current == "address":
        block.address.append(value)
    elif current in NUMBER_LABELS and current not in block.contacts and NUMBER_ALONE.fullmatch(value):
        block.contacts[current] = value
        block.current_label = ""
    elif current in ("email", "website") and (label := _web_label(value)) and label not in block.contacts:
        block.contacts[label] = _trim(value)
    elif not block.address and _is_address(value):
        block.address.append(value)
        block.current_label = "address"
    else:
        return [value]
    return []


def _put_contact(block: _Block, label: str, printed_label: str, value: str) -> list[str]:
    """Puts a number, an e-mail address or a website into the block. Returns what has no place."""
    if label in NUMBER_LABELS:
        block.contacts[label] = value.strip(" ,;|")
        return []
    words = value.split()
    at = next((i for i, word in enumerate(words) if _web_label(word) == label), None)
    if at is None:
        return [f"{printed_label} {value}".strip()]
    block.contacts[label] = _trim(words.pop(at))
    rest = " ".join(words)
    return [rest] if _has_text(rest) else []


def _web_label(word: str) -> str:
    """Returns "email" or "website" if the word is one, "" otherwise."""
    if EMAIL_PATTERN.fullmatch(_trim(word)):
        return "email"
    return "website" if WEBSITE.fullmatch(_trim(word)) else ""


def _trim(word: str) -> str:
    return word.strip(",;<>").rstrip(".")


def _is_address(value: str) -> bool:
    found = place([value])
    return bool(found.country or found.postal_code or split_name(f"Name {value}")[1])


def _finish(block: _Block) -> OrganizationText:
    name, street = block.name, ""
    if not block.has_address_label:
        name, street = split_name(block.name)
    found = place([street, *block.address] if street else block.address)
    return OrganizationText(block.line, name.strip(" ,;"), **vars(found), **block.contacts)


def _has_text(value: str) -> bool:
    return any(map(str.isalnum, value))
