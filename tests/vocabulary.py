"""The part of schema.org's vocabulary that the pages use, and a check of JSON-LD against it.

The table is written by us after schema.org. What is not in it is either a slip or is added here on purpose.
"""

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

TEXT, URL, DATE, TIME, NUMBER = "text", "url", "date", "time", "number"
THING = {"name": TEXT, "url": URL, "description": TEXT, "alternateName": TEXT, "mainEntityOfPage": URL}
CREATIVE_WORK = THING | {
    "about": "MedicalCondition",
    "citation": "CreativeWork",
    "dateModified": TIME,
    "inLanguage": TEXT,
    "isBasedOn": "CreativeWork",
    "isPartOf": "WebSite",
    "license": URL,
    "mainEntity": {"Question", "Organization"},
    "mentions": "Organization",
}
WEB_PAGE = CREATIVE_WORK | {"breadcrumb": "BreadcrumbList", "lastReviewed": DATE, "reviewedBy": "Person"}
TYPES: dict[str, dict[str, Any]] = {
    "WebSite": CREATIVE_WORK | {"potentialAction": "SearchAction"},
    "SearchAction": {"target": "EntryPoint", "query-input": TEXT},
    "EntryPoint": {"urlTemplate": TEXT},
    "WebPage": WEB_PAGE,
    "MedicalWebPage": WEB_PAGE,
    "FAQPage": WEB_PAGE,
    "BreadcrumbList": THING | {"itemListElement": "ListItem"},
    "ListItem": THING | {"position": NUMBER, "item": URL},
    "MedicalCondition": THING | {"code": "MedicalCode"},
    "MedicalCode": THING | {"codeValue": TEXT, "codingSystem": TEXT},
    "Question": CREATIVE_WORK | {"acceptedAnswer": "Answer"},
    "Answer": CREATIVE_WORK | {"text": TEXT, "dateModified": DATE},
    "CreativeWork": CREATIVE_WORK,
    "Person": THING,
    "Organization": THING
    | {
        "address": "PostalAddress",
        "areaServed": "Country",
        "knowsLanguage": TEXT,
        "contactPoint": "ContactPoint",
        "email": TEXT,
        "faxNumber": TEXT,
        "telephone": TEXT,
    },
    "Country": THING | {"identifier": TEXT},
    "PostalAddress": THING
    | {
        "streetAddress": TEXT,
        "addressLocality": TEXT,
        "addressRegion": TEXT,
        "postalCode": TEXT,
        "addressCountry": TEXT,
    },
    "ContactPoint": THING | {"telephone": TEXT, "contactOption": URL},
}
NEEDED = {"ListItem": {"position", "name", "item"}, "Question": {"name", "acceptedAnswer"}, "Answer": {"text"}}
NEEDED |= {name: {"name"} for name in ["Organization", "MedicalCondition", "Person", "WebSite", "CreativeWork"]}
TELEPHONE = {"telephone", "faxNumber"}


def check(data: Any) -> dict[str, dict[str, Any]]:
    """Raises AssertionError on what the vocabulary does not know. Returns the things by their ids."""
    assert list(data) == ["@context", "@graph"]
    assert data["@context"] == "https://schema.org"
    things = {thing["@id"]: thing for thing in data["@graph"]}
    assert len(things) == len(data["@graph"])
    for thing in data["@graph"]:
        _check_thing(thing, things)
    return things


def _types(thing: dict[str, Any]) -> list[str]:
    return [thing["@type"]] if isinstance(thing["@type"], str) else thing["@type"]


def _check_thing(thing: dict[str, Any], things: dict[str, dict[str, Any]]) -> None:
    known: dict[str, Any] = {}
    for name in _types(thing):
        known |= TYPES[name]
        assert set(thing) >= NEEDED.get(name, set()), thing
    for name, value in thing.items():
        if name == "@id":
            _check_value(URL, value, name, things)
        elif name != "@type":
            for each in value if isinstance(value, list) else [value]:
                _check_value(known[name], each, name, things)
            assert value != [], name


def _check_value(expected: Any, value: Any, name: str, things: dict[str, dict[str, Any]]) -> None:
    if expected == NUMBER:
        assert isinstance(value, int)
    elif expected in (TEXT, URL, DATE, TIME):
        assert isinstance(value, str), (name, value)
        assert value.strip(), name
        if expected == URL:
            assert urlsplit(value).scheme in {"http", "https"}, (name, value)
            assert urlsplit(value).netloc, (name, value)
        if expected == DATE:
            assert date.fromisoformat(value).isoformat() == value
        if expected == TIME:
            assert datetime.fromisoformat(value).utcoffset() is not None
        if name in TELEPHONE:
            assert re.fullmatch(r"\+\d{7,15}", value), value
    else:
        expected = {expected} if isinstance(expected, str) else expected
        if set(value) == {"@id"}:  # said elsewhere in the graph
            value = things[value["@id"]]
            assert set(_types(value)) & expected, (name, value)
        else:
            assert set(_types(value)) & expected, (name, value)
            _check_thing(value, things)
