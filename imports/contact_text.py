"""Reads the organizations at the end of a page of text: a name, an address and labelled ways to reach them.

Labels stand in any order and several on a line, and the address has no labels at all; see address_text for that.
"""

import re
from dataclasses import dataclass, field

from imports.address_text import place, split_name
from imports.lines import NumberedLine, Unplaced


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


# Not inside a word or an address of the web: "https:" and "https://example.org/web:8" hold no label.
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
    line: int
    name: str = ""
    address: list[str] = field(default_factory=list)
    address_labelled: bool = False
    contacts: dict[str, str] = field(default_factory=dict)
    waiting: str = "name"  # the label that the next line without one belongs to
    printed: list[Unplaced] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)


def opens_organization(text: str) -> bool:
    label = LABEL.match(text)
    return bool(label and label.lastgroup == "name")


def continues_organization(text: str) -> bool:
    return bool(LABEL.match(text))


def read_organizations(lines: list[NumberedLine]) -> tuple[list[OrganizationText], list[Unplaced]]:
    """The organizations in numbered lines, of which the first one opens an organization."""
    blocks: list[_Block] = []
    for number, line in lines:
        for label, printed_label, value in _contact_parts(line):
            if label == "name":
                blocks.append(_Block(number))
            block = blocks[-1]
            block.printed.append(Unplaced(number, f"{printed_label} {value}".strip()))
            block.unplaced += [Unplaced(number, text) for text in _put(block, label, printed_label, value)]
    organizations = [_finish(block) for block in blocks if block.name]
    # What is left of one with a name, and all of one without.
    left = [each for block in blocks for each in (block.unplaced if block.name else block.printed)]
    return organizations, [each for each in left if _says_something(each.text)]


def _contact_parts(line: str) -> list[tuple[str, str, str]]:
    """(label, the label as printed, value) for each part of a line; label "" for what stands before the first."""
    labels = [label for label in LABEL.finditer(line) if not _is_persons_name(line, label)]
    starts = [label.start() for label in labels] + [len(line)]
    pieces = [("", "", line[: starts[0]].strip())] if line[: starts[0]].strip() else []
    for label, end in zip(labels, starts[1:], strict=True):
        pieces.append((label.lastgroup or "", label.group(), line[label.end() : end].strip()))
    return pieces


def _is_persons_name(line: str, label: re.Match) -> bool:
    """Whether it is the "Name:" of "Contact name: Mary", and not the next organization on the same line."""
    return label.lastgroup == "name" and bool(re.search(r"(?<![\w@.-])[^\W\d_]+\s$", line[: label.start()]))


def _put(block: _Block, label: str, printed_label: str, value: str) -> list[str]:
    """Keeps a value where it belongs; returns what could not be kept."""
    if not _says_something(value):
        block.waiting = label or block.waiting
        return []
    if not label:
        return _put_unlabelled(block, value)
    block.waiting = "address" if label in ("name", "address") else ""
    if label == "name":
        block.name = value
    elif label == "address" and not block.address_labelled:
        block.address_labelled = True
        block.address.append(value)
    elif label != "address" and label not in block.contacts:
        return _put_contact(block, label, printed_label, value)
    else:
        return [f"{printed_label} {value}"]
    return []


def _put_unlabelled(block: _Block, value: str) -> list[str]:
    waiting = block.waiting
    if waiting == "name":
        block.name = value
        block.waiting = "address"
    elif waiting == "address":
        block.address.append(value)
    elif waiting in NUMBER_LABELS and waiting not in block.contacts and NUMBER_ALONE.fullmatch(value):
        block.contacts[waiting] = value
        block.waiting = ""
    elif waiting in ("email", "website") and (label := _web_label(value)) and label not in block.contacts:
        block.contacts[label] = _trim(value)
    elif not block.address and _is_address(value):
        block.address.append(value)
        block.waiting = "address"
    else:
        return [value]
    return []


def _put_contact(block: _Block, label: str, printed_label: str, value: str) -> list[str]:
    if label in NUMBER_LABELS:
        block.contacts[label] = value.strip(" ,;|")
        return []
    words = value.split()
    at = next((i for i, word in enumerate(words) if _web_label(word) == label), None)
    if at is None:
        return [f"{printed_label} {value}".strip()]
    block.contacts[label] = _trim(words.pop(at))
    rest = " ".join(words)
    return [rest] if _says_something(rest) else []


def _web_label(word: str) -> str:
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
    if not block.address_labelled:
        name, street = split_name(block.name)
    found = place([street, *block.address] if street else block.address)
    return OrganizationText(
        line=block.line,
        name=name.strip(" ,;"),
        street=found.street,
        city=found.city,
        region=found.region,
        postal_code=found.postal_code,
        country=found.country,
        **block.contacts,
    )


def _says_something(value: str) -> bool:
    return any(map(str.isalnum, value))
