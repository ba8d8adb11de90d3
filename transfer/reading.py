"""Reads the lines of a document, and finds what is wrong with a JSON value."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from publishing.values import Value
from transfer.document import MAX_LINE_MEGABYTES, PortableError


class DocumentLines:
    """Reads the lines of a document one by one, so that they are never all in memory at the same time."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.places: list[tuple[int, int]] = []
        """The number of each line that is not empty, and its place in the file."""
        number = place = 0
        while line := file.readline(MAX_LINE_MEGABYTES * 1024 * 1024 + 1):
            number += 1
            if len(line) > MAX_LINE_MEGABYTES * 1024 * 1024:
                raise PortableError(f"Line {number} is longer than {MAX_LINE_MEGABYTES} MB.")
            if line.strip():
                self.places.append((number, place))
            place += len(line)
        if not self.places:
            raise PortableError("The file is empty.")

    def value(self, place: int) -> Any:
        """Returns the JSON value of the line at a place. Raises ValueError where it is none."""
        self.file.seek(place)
        try:
            text = self.file.readline().decode("utf-8-sig")
            return json.loads(text, object_pairs_hook=_object, parse_constant=_reject_constant)
        except UnicodeDecodeError as error:
            raise ValueError("is not UTF-8 text: save the file as UTF-8 and try again") from error
        except json.JSONDecodeError as error:
            raise ValueError(f"is not JSON: column {error.colno}: {error.msg}") from error
        except RecursionError as error:
            raise ValueError("is nested too deep") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"has two values for “{next(n for n in names if names.count(n) > 1)}”")
    return values


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not a JSON value")


def _format_path(location: Iterable[str | int]) -> str:
    """Returns a location as text: ("live", "questions", 0, "html") becomes live.questions[0].html."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return steps.removeprefix(".")


def problems_of(error: ValidationError) -> list[tuple[str, str]]:
    """Returns the path of each value that pydantic rejected, and the reason in plain words."""
    return [(_format_path(problem["loc"]), _problem_text(problem)) for problem in error.errors()]


def _problem_text(error: ErrorDetails) -> str:
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
