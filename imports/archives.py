"""Reads the files of a zip file or a folder that cannot be trusted."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, NamedTuple

from imports.records import UnreadableRecord, UnreadableSource

MIB = 1024 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """The limits of what is read: in bytes, except `count` and `ratio`.

    They are far above what any real source needs, and far below what would fill the memory of a server. Of the files
    that we know, Orphanet's packets have the most members (9,295), bytes (72 MB) and the highest ratio (30), and
    Orphanet's list of diseases has the longest member (4.7 MB).
    """

    count: int = 50_000
    member: int = 32 * MIB
    total: int = 512 * MIB
    ratio: int = 100  # of the unpacked size to the packed size; deflate reaches 1,032
    harmless: int = MIB  # up to this size, the ratio does not matter
    directory: int = 16 * MIB  # of the zip file's own list of members


class Member(NamedTuple):
    """A file of a zip file or a folder."""

    name: str  # with its folders, as the report prints it
    data: bytes


def members(path: Path, suffix: str, limits: Limits = Limits()) -> Iterator[Member | UnreadableRecord]:
    """Yields the files whose names end in `suffix`, sorted by name; for a damaged file, an UnreadableRecord.

    Raises UnreadableSource where the zip file or folder is not safe: before anything is read, or later if it holds more
    than it declared.
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
    """Returns a file's name as text. On Linux a name may hold other bytes, which reports and databases cannot hold."""
    return name.encode(errors="replace").decode()


def _wanted(name: str, suffix: str) -> bool:
    """Tells whether a file is to be read. The files "._…" that macOS adds to each file are not."""
    file = PurePosixPath(name).name
    return file.casefold().endswith(suffix.casefold()) and not file.startswith("._")


class _Budget:
    """Counts the bytes that were really read, and stops the reading at the limits."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits, self.spent = path, limits, 0

    def check_names(self, names: list[str], sizes: list[int]) -> None:
        """Raises UnreadableSource where there are no files, or where they are too many or too long."""
        if not names:
            raise UnreadableSource(f"{self.path}: holds no file of this kind. Is it the right zip file or folder?")
        if len(names) > self.limits.count:
            raise _too_much(self.path, f"{len(names):,} files", f"{self.limits.count:,}")
        if sum(sizes) > self.limits.total:
            raise _too_much(self.path, f"{sum(sizes):,} bytes unpacked", f"{self.limits.total:,}")

    def read(self, name: str, stream: IO[bytes]) -> Member | UnreadableRecord:
        """Returns one member, unless it is too long. Raises UnreadableSource at the total limit."""
        chunks = []
        left = self.limits.member
        while chunk := stream.read(CHUNK):  # read() without a size would unpack everything before it is counted
            self.spent += len(chunk)
            left -= len(chunk)
            if self.spent > self.limits.total:
                raise _too_much(self.path, "more than it declares", f"{self.limits.total:,} bytes unpacked")
            if left < 0:
                reason = f"is longer than {self.limits.member:,} bytes: split it, or check what it is"
                return UnreadableRecord(name, reason, failed=True)
            chunks.append(chunk)
        return Member(name, b"".join(chunks))


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
            yield budget.read(name, stream)


def _zip(path: Path, suffix: str, limits: Limits) -> Iterator[Member | UnreadableRecord]:
    budget = _Budget(path, limits)
    _check_directory(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise UnreadableSource(f"{path}: is not a zip file that can be read ({error}). Download it again.") from error
    with archive:
        for info in archive.infolist():
            _check_name(path, info)
        infos = sorted(
            (info for info in archive.infolist() if not info.is_dir() and _wanted(info.filename, suffix)),
            key=lambda info: info.filename,
        )
        names = [info.filename for info in infos]
        budget.check_names(names, [info.file_size for info in infos])
        if repeated := next((name for name, after in pairwise(names) if name == after), None):
            raise UnreadableSource(f"{path}: holds {repeated} twice, and only one can be right. Pack it again.")
        for info in infos:
            yield _unpack(archive, info, budget)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> Member | UnreadableRecord:
    limits = budget.limits
    if info.flag_bits & 0x1:
        reason = "is encrypted: pack it again without a password"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a limit
        reason = "is packed in an unusual way: pack it again as an ordinary zip file"
    elif info.file_size > max(limits.harmless, info.compress_size * limits.ratio):
        reason = f"unpacks to more than {limits.ratio} times its size, as a zip bomb does"
    else:
        try:
            with archive.open(info) as stream:
                return budget.read(info.filename, stream)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            reason = f"is damaged ({error}): download or pack it again"
    return UnreadableRecord(info.filename, reason, failed=True)


def _check_name(path: Path, info: zipfile.ZipInfo) -> None:
    """Raises UnreadableSource for a name or a link that leads out of the zip file, as in an attack."""
    name = info.filename.replace("\\", "/")
    absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive
    if not name or absolute or ".." in PurePosixPath(name).parts or not name.isprintable():
        raise UnreadableSource(
            f"{path}: holds the name {name!r}, which leads out of the zip file. Pack it again from a clean folder."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableSource(f"{path}: {name} is a symbolic link, which may lead anywhere. Pack the file itself.")


def _check_directory(path: Path, limits: Limits) -> None:
    """Checks the last record of the zip file, because zipfile reads the whole list of members before we can count it.

    Raises UnreadableSource where the list of members is too long.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))  # a record of 22 bytes, a comment of up to 65,535, and a zip64 locator
        tail = file.read()
    at = tail.find(b"PK\5\6")
    if at < 0:
        raise UnreadableSource(f"{path}: is neither a zip file nor a folder. Give the zip file as it was downloaded.")
    while at >= 0:
        if tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
            raise UnreadableSource(
                f"{path}: is a zip file for more than 4 GB (zip64), which no source needs. Pack it again."
            )
        if int.from_bytes(tail[at + 12 : at + 16], "little") > limits.directory:
            raise _too_much(path, "a list of members that is too long", f"{limits.directory:,} bytes of it")
        at = tail.find(b"PK\5\6", at + 1)
