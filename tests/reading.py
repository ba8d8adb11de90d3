"""What a reader sees of a page."""

import json
import re
from typing import Any


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def text_of(html: str) -> str:
    """The words of a page's main part, white space folded."""
    return _words(html[html.index("<main") : html.index("</main>")])


def texts_of(html: str, tag: str) -> list[str]:
    """The words of each element of a name, in order."""
    return [_words(found) for found in re.findall(rf"<{tag}\b.*?</{tag}>", html, re.DOTALL)]


def linked_data_of(html: str) -> Any:
    """What a page tells other programs, or None. Ends it at the first "</script", as a browser does."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script', html, re.DOTALL)
    assert len(found) <= 1
    return json.loads(found[0]) if found else None
