"""Reads the JSON of a document, and names the place of every problem by its path in the file."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from pydantic_core import ErrorDetails

from publishing.values import Value
from transfer.document import MAX_DOCUMENT_MEGABYTES, PortableError

DOCUMENT_FIELDS = {"about", "format", "schemas", "subjects", "unresolved"}


def decode_document(content: bytes) -> str:
    """Returns the text of a file. Raises PortableError where it is too large or is not UTF-8."""
    if len(content) > MAX_DOCUMENT_MEGABYTES * 1024 * 1024:
        raise PortableError(f"The file is larger than {MAX_DOCUMENT_MEGABYTES} MB. Load its subjects in several files.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PortableError(f"Line {line} is not UTF-8 text. Save the file as UTF-8 and try again.") from error


class DocumentJson:
    """Reads the subjects of a document one by one, so that they are never all in memory at the same time."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._reject_constant)
        self.starts: list[int] = []
        self.head: dict[str, Any] = {}
        try:
            self._read()
        except json.JSONDecodeError as error:
            raise PortableError(f"Not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
        except RecursionError as error:
            raise PortableError("Not a content document: it is nested too deep.") from error
        except ValueError as error:
            raise PortableError(f"Not a content document: {error}.") from error

    def subject(self, number: int) -> Any:
        """Returns one subject as a JSON value."""
        return self.decoder.raw_decode(self.text, self.starts[number])[0]

    def _read(self) -> None:
        self._expect("{", "a JSON object")
        for _ in self._items("}"):
            name = self._value()
            if not isinstance(name, str) or name in self.head:
                raise json.JSONDecodeError("Expecting a name that does not occur before", self.text, self.position)
            self._expect(":", "“:”")
            if name == "subjects" and self._next() == "[":
                self.position += 1
                for _ in self._items("]"):
                    self._next()
                    self.starts.append(self.position)
                    self._value()
                self.head[name] = []
            else:
                self.head[name] = self._value()
        if self._next():
            raise json.JSONDecodeError("Expecting nothing more", self.text, self.position)

    def _items(self, end: str) -> Iterator[None]:
        """Yields once for each item of a list or an object that ends with `end`. The caller reads the item."""
        if self._next() != end:
            yield
            while self._next() == ",":
                self.position += 1
                yield
        self._expect(end, f"“,” or “{end}”")

    def _next(self) -> str:
        """Skips white space and returns the next character, or "" at the end."""
        while self.text[self.position : self.position + 1] in {" ", "\t", "\r", "\n"}:
            self.position += 1
        return self.text[self.position : self.position + 1]

    def _expect(self, character: str, name: str) -> None:
        if self._next() != character:
            raise json.JSONDecodeError(f"Expecting {name}", self.text, self.position)
        self.position += 1

    def _value(self) -> Any:
        self._next()
        value, self.position = self.decoder.raw_decode(self.text, self.position)
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"an object has two values for “{next(n for n in names if names.count(n) > 1)}”")
        return values

    def _reject_constant(self, name: str) -> NoReturn:
        raise ValueError(f"{name} is not a JSON value")


def format_path(location: Iterable[str | int]) -> str:
    """Returns a location as text: ("live", "questions", 0, "html") becomes live.questions[0].html."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return steps.removeprefix(".")


def problem_text(error: ErrorDetails) -> str:
    """Returns what pydantic says of a value, in plain words."""
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        return "is not a field that this site knows"
    return str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "should be")


def nested_values(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Yields a page and all values in it, each with its path."""
    yield path, value
    for name in type(value).model_fields:
        content = getattr(value, name)
        for number, item in enumerate(content if isinstance(content, tuple) else [content]):
            if isinstance(item, Value):
                yield from nested_values(
                    item, f"{path}.{name}[{number}]" if isinstance(content, tuple) else f"{path}.{name}"
                )


def find_half_characters(content: Any, path: str) -> Iterator[str]:
    """Yields the path of each text of a JSON value with a single surrogate, which no database can store."""
    if isinstance(content, str) and re.search("[\ud800-\udfff]", content):
        yield path
    items: Any = (
        content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    )
    for name, item in items:
        yield from find_half_characters(name, path)
        yield from find_half_characters(item, path + (f"[{name}]" if isinstance(name, int) else f".{name}"))
