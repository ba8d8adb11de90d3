"""Values: what is put into the index, and all that the index knows of a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """What a page is found by. The title has no note; another name says what it is: "also called"."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class DocumentSection:
    """A part of a page that can be led to: plain text below a heading."""

    heading: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Document:
    kind: str
    key: int
    url: str
    title: str
    sort_key: str
    names: tuple[Name, ...] = ()
    codes: tuple[str, ...] = ()
    """Each with its scheme: "ORPHA:446"."""
    about: str = ""
    """What a list of results says below the title."""
    sections: tuple[DocumentSection, ...] = ()
