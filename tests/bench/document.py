"""Writes docs/performance.md, of which each benchmark has one part: a first heading and all below it."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "performance.md"


def write_part(text: str) -> None:
    """Replaces the part with the same first heading, or adds the part at the end."""
    parts = re.split(r"(?m)^(?=# )", DOCUMENT.read_text(encoding="utf-8"))
    heading = text.strip().splitlines()[0]
    own = f"{text.strip()}\n\n"
    places = [number for number, part in enumerate(parts) if part.startswith(f"{heading}\n")]
    parts[places[0] if places else len(parts) : places[0] + 1 if places else len(parts)] = [own]
    joined = "".join(part if part.endswith("\n\n") or not part else f"{part.rstrip()}\n\n" for part in parts)
    DOCUMENT.write_text(f"{joined.strip()}\n", encoding="utf-8")
