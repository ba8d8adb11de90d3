"""A zip file or folder of unknown origin is read whole, refused with a reason, and never unpacked without a bound."""

import io
import os
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.archives import Limits, Member, members
from imports.records import UnreadableRecord, UnreadableSource

TWO = {"a/1.xml": b"<a/>", "a/2.XML": b"<b/>"}


def packed(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data, **options)
    return buffer.getvalue()


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "source.zip"
        path.write_bytes(content if isinstance(content, bytes) else packed(content))
        return path

    return write


def test_zip_and_folder_give_the_same_files_in_the_same_order(write, tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    files = {"a/2.XML": b"<b/>", "a/notes.txt": b"no", "a/1.xml": b"<a/>", "a/._1.xml": b"of macOS"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    assert list(members(write(files), ".xml")) == [Member(*each) for each in TWO.items()]
    assert list(members(folder, ".xml")) == [Member(*each) for each in TWO.items()]


@pytest.mark.parametrize(
    ("content", "limits", "reason"),
    [
        (b"no zip", Limits(), "is neither a zip file nor a folder"),
        ({}, Limits(), "holds no file of this kind"),
        ({"../1.xml": b""}, Limits(), "leads out of the zip file"),
        ({"/etc/1.xml": b""}, Limits(), "leads out of the zip file"),
        ({"C:\\1.xml": b""}, Limits(), "leads out of the zip file"),
        ({"a\\..\\..\\1.xml": b""}, Limits(), "leads out of the zip file"),
        ({"a\n1.xml": b""}, Limits(), "leads out of the zip file"),
        (TWO, Limits(count=1), "holds 2 files; at most 1 are read"),
        (TWO, Limits(total=5), "holds 8 bytes unpacked; at most 5 are read"),
        (TWO, Limits(directory=10), "a list of members that is too long"),
        (packed(TWO).replace(b"PK\5\6", b"PK\6\7" + bytes(16) + b"PK\5\6"), Limits(), "more than 4 GB"),
    ],
)
def test_what_is_not_to_be_trusted_is_refused_whole(write, content, limits, reason):
    with pytest.raises(UnreadableSource, match=reason):
        list(members(write(content), ".xml", limits))


def test_one_bad_member_is_refused_and_the_others_are_read(write):
    path = write({"1.xml": bytes(2_000_000), "2.xml": b"x" * 50, "3.xml": b"good"})

    assert list(members(path, ".xml", Limits(member=40, total=3_000_000))) == [
        UnreadableRecord("1.xml", "unpacks to more than 100 times its size, as a zip bomb does", failed=True),
        UnreadableRecord("2.xml", "is longer than 40 bytes: split it, or check what it is", failed=True),
        Member("3.xml", b"good"),
    ]


def overlapping(count):
    """Returns a zip file whose list names the same packed content several times: small, and huge when unpacked."""
    content = packed({"000.xml": os.urandom(20_000) * 150})
    start = content.index(b"PK\1\2")
    entry, end = content[start : content.index(b"PK\5\6")], bytearray(content[content.index(b"PK\5\6") :])
    entries = b"".join(entry.replace(b"000.xml", b"%03d.xml" % number) for number in range(count))
    end[8:16] = struct.pack("<HHI", count, count, len(entries))
    return content[:start] + entries + bytes(end)


def test_a_zip_bomb_is_refused_before_it_is_unpacked_and_the_error_names_the_file_and_the_limit(write):
    bomb = overlapping(400)
    assert len(bomb) < 200_000

    tracemalloc.start()
    with pytest.raises(UnreadableSource) as refusal:
        list(members(write(bomb), ".xml"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert str(refusal.value) == (
        f"{write(bomb)}: holds 1,200,000,000 bytes unpacked; at most 536,870,912 are read. "
        "Split it, or check what it is."
    )
    assert peak < 2_000_000


def test_a_zip_file_in_a_zip_file_is_not_unpacked(write):
    path = write({"inner.zip": packed({"1.xml": bytes(10_000_000)}), "2.xml": b"good"})

    assert list(members(path, ".xml")) == [Member("2.xml", b"good")]


def test_encrypted_and_unusual_members_are_named(write):
    content = bytearray(packed({"1.xml": b"secret", "2.xml": b"odd"}))
    first = content.index(b"PK\1\2")
    second = content.index(b"PK\1\2", first + 4)
    content[first + 8] |= 1  # its flags
    content[second + 10 : second + 12] = struct.pack("<H", zipfile.ZIP_LZMA)

    assert [each.reason.split(":")[0] for each in members(write(bytes(content)), ".xml")] == [
        "is encrypted",
        "is packed in an unusual way",
    ]


def test_a_lie_about_the_size_unpacks_no_more_than_was_announced(write):
    content = bytearray(packed({"1.xml": bytes(5_000_000)}))
    entry = content.index(b"PK\1\2")
    content[entry + 24 : entry + 28] = struct.pack("<I", 100)

    (refusal,) = members(write(bytes(content)), ".xml")
    assert refusal.reason.startswith("is damaged (Bad CRC-32")


def test_links_are_not_followed(write, tmp_path):
    (tmp_path / "secret.xml").write_text("secret")
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "1.xml").symlink_to(tmp_path / "secret.xml")
    link = zipfile.ZipInfo("1.xml")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")

    for path in (folder, write(buffer.getvalue())):
        with pytest.raises(UnreadableSource, match="symbolic link"):
            list(members(path, ".xml"))


def test_the_same_name_twice_is_refused(write):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1.xml", "one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("1.xml", "other")
    with pytest.raises(UnreadableSource, match=r"holds 1\.xml twice"):
        list(members(write(buffer.getvalue()), ".xml"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableSource, match="no such file or folder"):
        list(members(tmp_path / "nowhere.zip", ".xml"))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=5), st.integers(0, 300))
def test_a_damaged_zip_file_never_raises_anything_else(tmp_path_factory, changes, cut):
    content = bytearray(packed(TWO))[: -cut or None]
    for at, value in changes:
        if content:
            content[at % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(content)
    with suppress(UnreadableSource):
        assert all(isinstance(each, Member | UnreadableRecord) for each in members(path, ".xml"))
