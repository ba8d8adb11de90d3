"""The values that the index is made of. The index knows nothing else about a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A name by which a page is found. The note says what kind of name it is ("also called"); a title has no note."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class DocumentSection:
    """A part of a page with an anchor that results link to: a heading and plain text."""

    heading: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Document:
    kind: str
    """A word that separates the keys of one sort of page from those of another."""
    label: str
    """The word for the kind that readers see: "Disease"."""
    key: int
    url: str
    title: str
    sort_key: str
    names: tuple[Name, ...] = ()
    codes: tuple[str, ...] = ()
    """The codes with their scheme: "ORPHA:446"."""
    about: str = ""
    """The text that a list of results shows below the title."""
    sections: tuple[DocumentSection, ...] = ()
