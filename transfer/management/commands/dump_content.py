import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from transfer.document import PortableError
from transfer.dumping import dump


class Command(BaseCommand):
    help = "Write all content (live pages and drafts, no history) as one JSON document. It is no backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="where to write; “-” is standard output")

    def handle(self, *args: str, file: str, **options: Any) -> None:
        try:
            warnings = self.to_output() if file == "-" else to_file(Path(file))
        except OSError as error:
            raise CommandError(f"Cannot write {file}: {error.strerror}.") from error
        except PortableError as error:
            raise CommandError(str(error)) from error
        for warning in warnings:
            self.stderr.write(f"load_content would not accept this old page: {warning}")

    def to_output(self) -> list[str]:
        binary = getattr(self.stdout, "buffer", None)
        if binary is None:
            return dump(lambda text: self.stdout.write(text, ending=""))
        # Always UTF-8, whatever the encoding of the terminal is, since these bytes are the document.
        warnings = dump(lambda text: binary.write(text.encode()))
        binary.flush()
        return warnings


def to_file(path: Path) -> list[str]:
    """Writes a temporary file in the same folder and renames it at the end: the file is never half written."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is not a plain file. Name a file, or “-” for standard output.")
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            warnings = dump(file.write)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    return warnings
