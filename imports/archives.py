"""Opens a zip file or a folder whose content nobody vouches for."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

from imports.records import UnreadableRecord, UnreadableSource

MIB = 1024 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """In bytes, but `count` and `ratio`. Far above what any real source needs, far below what would fill the memory."""

    count: int = 50_000
    member: int = 32 * MIB
    total: int = 512 * MIB
    ratio: int = 100  # unpacked to packed; texts reach 20
    harmless: int = MIB  # up to this size the ratio does not matter
    directory: int = 16 * MIB  # of the zip file's own list of members


class Member(NamedTuple):
    name: str  # with its folders, as the report names it
    data: bytes


def members(path: Path, suffix: str, limits: Limits = Limits()) -> Iterator[Member | UnreadableRecord]:
    """The files of a zip file or folder whose names end so, sorted by name; a damaged one is a refusal.

    Raises SourceError, before anything is read, where the whole is not to be trusted, and later where it turns out to
    hold more than it said.
    """
    try:
        if path.is_dir():
            yield from _folder(path, suffix, limits)
        elif path.is_file():
            yield from _zip(path, suffix, limits)
        else:
            raise UnreadableSource(f"{path}: there is no such file or folder. Check the path.")
    except OSError as error:
        raise UnreadableSource(f"{path}: cannot be read ({error}). Check the path and its permissions.") from error


def readable(name: str) -> str:
    """A file's name as text: on Linux one may hold bytes that are none, which no report and no database takes."""
    return name.encode(errors="replace").decode()


def _wanted(name: str, suffix: str) -> bool:
    """macOS puts a file of its own beside every file that it packs."""
    file = PurePosixPath(name).name
    return file.casefold().endswith(suffix.casefold()) and not file.startswith("._")


class _Budget:
    """What may still be read, counted in bytes that came, not in those that were announced."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits, self.spent = path, limits, 0

    def check_names(self, names: list[str], sizes: list[int]) -> None:
        if not names:
            raise UnreadableSource(f"{self.path}: holds no file of this sort. Is it the right zip file or folder?")
        if len(names) > self.limits.count:
            raise _too_much(self.path, f"{len(names):,} files", f"{self.limits.count:,}")
        if sum(sizes) > self.limits.total:
            raise _too_much(self.path, f"{sum(sizes):,} bytes unpacked", f"{self.limits.total:,}")

    def read(self, stream) -> bytes | None:
        """The whole stream, or None where it is too long for one member."""
        pieces = []
        left = self.limits.member
        while piece := stream.read(CHUNK):  # never read(): that unpacks all before anyone can count
            self.spent += len(piece)
            left -= len(piece)
            if self.spent > self.limits.total:
                raise _too_much(self.path, "more than announced", f"{self.limits.total:,} bytes unpacked")
            if left < 0:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    def too_long(self, name: str) -> UnreadableRecord:
        return UnreadableRecord(
            name, f"is longer than {self.limits.member:,} bytes: split it, or check what it is", failed=True
        )


def _too_much(path: Path, what: str, limit: str) -> UnreadableSource:
    return UnreadableSource(f"{path}: holds {what}; at most {limit} are read. Split it, or check what it is.")


def _folder(path: Path, suffix: str, limits: Limits) -> Iterator[Member | UnreadableRecord]:
    budget = _Budget(path, limits)
    files: list[Path] = []
    for file in path.rglob("*"):
        if file.is_symlink() and (file.is_dir() or _wanted(file.name, suffix)):
            raise UnreadableSource(f"{file}: is a symbolic link, which may lead anywhere. Put the file itself there.")
        if file.is_file() and _wanted(file.name, suffix):
            files.append(file)
    files.sort(key=lambda file: file.relative_to(path).as_posix())
    budget.check_names([file.name for file in files], [file.stat().st_size for file in files])
    for file in files:
        name = readable(f"{path.name}/{file.relative_to(path).as_posix()}")
        with file.open("rb") as stream:
            data = budget.read(stream)
        yield budget.too_long(name) if data is None else Member(name, data)


def _zip(path: Path, suffix: str, limits: Limits) -> Iterator[Member | UnreadableRecord]:
    budget = _Budget(path, limits)
    _check_directory(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise UnreadableSource(f"{path}: is no zip file that can be read ({error}). Download it again.") from error
    with archive:
        for info in archive.infolist():
            _check_name(path, info)
        infos = sorted(
            (info for info in archive.infolist() if not info.is_dir() and _wanted(info.filename, suffix)),
            key=lambda info: info.filename,
        )
        names = [info.filename for info in infos]
        budget.check_names(names, [info.file_size for info in infos])
        if twice := next((name for name, after in pairwise(names) if name == after), None):
            raise UnreadableSource(f"{path}: holds {twice} twice, and nobody can say which is meant. Pack it again.")
        for info in infos:
            yield _unpack(archive, info, budget)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> Member | UnreadableRecord:
    name, limits = info.filename, budget.limits
    if info.flag_bits & 0x1:
        return UnreadableRecord(name, "is encrypted: pack it again without a password", failed=True)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a bound
        return UnreadableRecord(name, "is packed in an unusual way: pack it again as an ordinary zip file", failed=True)
    if info.file_size > max(limits.harmless, info.compress_size * limits.ratio):
        return UnreadableRecord(
            name, f"unpacks to more than {limits.ratio} times its size, as a zip bomb does", failed=True
        )
    try:
        with archive.open(info) as stream:
            data = budget.read(stream)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        return UnreadableRecord(name, f"is damaged ({error}): download or pack it again", failed=True)
    return budget.too_long(name) if data is None else Member(name, data)


def _check_name(path: Path, info: zipfile.ZipInfo) -> None:
    """We write no file, but a zip file with such names was not packed to be read."""
    name = info.filename.replace("\\", "/")
    absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive
    if not name or absolute or ".." in PurePosixPath(name).parts or not name.isprintable():
        raise UnreadableSource(
            f"{path}: holds the name {name!r}, which leads out of it. Pack it again from a clean folder."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableSource(f"{path}: {name} is a symbolic link, which may lead anywhere. Pack the file itself.")


def _check_directory(path: Path, limits: Limits) -> None:
    """Looks at the zip file's last record: zipfile reads its whole list of members before we could count them."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))  # the record of 22 bytes, a comment of 65,535, the locator of a longer one
        tail = file.read()
    at = tail.find(b"PK\5\6")
    if at < 0:
        raise UnreadableSource(f"{path}: is no zip file, nor is it a folder. Give the zip file as it was downloaded.")
    while at >= 0:
        if tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
            raise UnreadableSource(
                f"{path}: is a zip file of the sort for more than 4 GB, far too long to be a source."
            )
        if int.from_bytes(tail[at + 12 : at + 16], "little") > limits.directory:
            raise _too_much(path, "a list of members that is too long", f"{limits.directory:,} bytes of it")
        at = tail.find(b"PK\5\6", at + 1)
