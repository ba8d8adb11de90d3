"""From bytes to checked records, with every fault named by its path in the file."""

import json
import re
from collections.abc import Iterator
from typing import Any

from publishing.values import Value
from transfer.document import MAX_DOCUMENT_MEGABYTES, PortableError

HEAD = {"about", "format", "schemas", "subjects", "unresolved"}


def _decode(content: bytes) -> str:
    if len(content) > MAX_DOCUMENT_MEGABYTES * 1024 * 1024:
        raise PortableError(f"The file is larger than {MAX_DOCUMENT_MEGABYTES} MB. Load its subjects in several files.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PortableError(f"Line {line} is not UTF-8 text. Save the file as UTF-8 and try again.") from error


class _Json:
    """Reads the document's subjects one by one, so that they are never all in memory at once."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)
        self.starts: list[int] = []
        self.head: dict[str, Any] = {}
        try:
            self._read()
        except json.JSONDecodeError as error:
            raise PortableError(f"Not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
        except RecursionError as error:
            raise PortableError("Not JSON of ours: it is nested too deep.") from error
        except ValueError as error:
            raise PortableError(f"Not JSON of ours: {error}.") from error

    def subject(self, number: int) -> Any:
        return self.decoder.raw_decode(self.text, self.starts[number])[0]

    def _read(self) -> None:
        self._expect("{", "a JSON object")
        for _ in self._items("}"):
            name = self._value()
            if not isinstance(name, str) or name in self.head:
                raise json.JSONDecodeError("Expecting a name that was not there before", self.text, self.at)
            self._expect(":", "“:”")
            if name == "subjects" and self._next() == "[":
                self.at += 1
                for _ in self._items("]"):
                    self._next()
                    self.starts.append(self.at)
                    self._value()
                self.head[name] = []
            else:
                self.head[name] = self._value()
        if self._next():
            raise json.JSONDecodeError("Expecting nothing more", self.text, self.at)

    def _items(self, end: str) -> Iterator[None]:
        if self._next() != end:
            yield
            while self._next() == ",":
                self.at += 1
                yield
        self._expect(end, f"“,” or “{end}”")

    def _next(self) -> str:
        while self.text[self.at : self.at + 1] in {" ", "\t", "\r", "\n"}:
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _expect(self, character: str, name: str) -> None:
        if self._next() != character:
            raise json.JSONDecodeError(f"Expecting {name}", self.text, self.at)
        self.at += 1

    def _value(self) -> Any:
        self._next()
        value, self.at = self.decoder.raw_decode(self.text, self.at)
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"an object says twice what is “{next(n for n in names if names.count(n) > 1)}”")
        return found

    def _constant(self, name: str) -> Any:
        raise ValueError(f"{name} is no JSON value")


def _path(place: Any) -> str:
    """("live", "questions", 0, "html") as live.questions[0].html."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return steps.removeprefix(".")


def _problem_text(fault: Any) -> str:
    if fault["type"] == "missing":
        return "is missing"
    if fault["type"] == "extra_forbidden":
        return "is not a field that this site knows"
    return str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")


def _values(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """A page and all values in it, each with its path."""
    yield path, value
    for name in type(value).model_fields:
        content = getattr(value, name)
        for number, item in enumerate(content if isinstance(content, tuple) else [content]):
            if isinstance(item, Value):
                yield from _values(item, f"{path}.{name}[{number}]" if isinstance(content, tuple) else f"{path}.{name}")


def _half_characters(content: Any, path: str) -> Iterator[str]:
    """Where a text holds half a character, which JSON can spell and nothing can store."""
    if isinstance(content, str) and re.search("[\ud800-\udfff]", content):
        yield path
    items: Any = (
        content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    )
    for name, item in items:
        yield from _half_characters(name, path)
        yield from _half_characters(item, path + (f"[{name}]" if isinstance(name, int) else f".{name}"))
