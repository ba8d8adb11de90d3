"""Every file becomes a small picture without metadata, or is refused with a reason."""

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from community.pictures import MAX_SIDE, MAX_STORED_BYTES, PictureRefused, check_picture, read_picture

MARK = "LEAK of a place"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


def sent(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file


def stored(file):
    """Returns the stored picture of a file that was sent."""
    return Image.open(io.BytesIO(read_picture(file).content))


def quarters(size=(600, 400)):
    """Returns a picture that is red at the top left, blue at the top right and green below."""
    image = Image.new("RGB", size, (0, 160, 0))
    width, height = size
    image.paste((200, 0, 0), (0, 0, width // 2, height // 2))
    image.paste((0, 0, 200), (width // 2, 0, width, height // 2))
    return image


def colour_at(image, x, y):
    """Returns the strongest of red, green and blue at a point, given in quarters of the picture."""
    pixel = image.convert("RGB").getpixel((image.width * x // 4, image.height * y // 4))
    return "RGB"[pixel.index(max(pixel))]


def a_camera_picture(orientation=1):
    """Returns a JPEG as a phone makes it: with a place, a maker, a time, a colour profile and a note."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = MARK
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:05:03 10:00:00"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (47.0, 22.0, 30.0)
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSAreaInformation] = MARK
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = f"<x:xmpmeta>{MARK}</x:xmpmeta>".encode()
    return sent(quarters(), "JPEG", quality=90, exif=exif, icc_profile=profile, xmp=xmp, comment=MARK)


def test_nothing_but_the_colours_of_a_camera_picture_is_stored():
    file = a_camera_picture()
    before = Image.open(file)
    assert before.getexif().get_ifd(IFD.GPSInfo)
    assert MARK.encode() in file.getvalue()
    assert {"icc_profile", "xmp", "exif", "comment"} <= before.info.keys()

    image = stored(file)

    assert (image.format, image.size) == ("WEBP", (480, 320))
    assert dict(image.getexif()) == {}
    assert image.info.keys().isdisjoint({"icc_profile", "xmp", "exif", "comment"})
    assert MARK.encode() not in read_picture(file).content
    assert [colour_at(image, *place) for place in [(1, 1), (3, 1), (2, 3)]] == ["R", "B", "G"]


@pytest.mark.parametrize(
    ("orientation", "size", "top_left", "top_right"),
    [
        (1, (480, 320), "R", "B"),
        (2, (480, 320), "B", "R"),
        (3, (480, 320), "G", "G"),
        (4, (480, 320), "G", "G"),
        (5, (320, 480), "R", "G"),
        (6, (320, 480), "G", "R"),
        (7, (320, 480), "G", "B"),
        (8, (320, 480), "B", "G"),
    ],
)
def test_a_picture_is_turned_upright(orientation, size, top_left, top_right):
    image = stored(a_camera_picture(orientation))

    assert image.size == size
    assert (colour_at(image, 1, 1), colour_at(image, 3, 1)) == (top_left, top_right)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_colour_mode_is_read(mode):
    assert stored(sent(Image.new(mode, (30, 20)))).size == (30, 20)


def test_transparent_parts_become_white_and_a_small_picture_stays_small():
    image = stored(sent(Image.new("RGBA", (30, 20), (0, 0, 0, 0))))

    assert image.size == (30, 20)
    assert image.convert("RGB").getpixel((15, 10)) == (255, 255, 255)


def test_a_transparent_palette_colour_becomes_white():
    image = stored(sent(quarters(), transparency=(0, 160, 0)))

    assert min(image.getpixel((image.width // 4, image.height * 3 // 4))) > 250


def test_a_picture_with_broken_metadata_is_read():
    file = sent(quarters(), exif=b"Exif\0\0nonsense")

    assert stored(file).size == (480, 320)


def test_a_print_picture_is_read():
    assert stored(sent(Image.new("CMYK", (30, 20)), "JPEG")).mode == "RGB"


def test_colours_are_those_that_the_profile_means():
    red = Image.new("RGB", (20, 20), (200, 30, 30))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")

    assert colour_at(stored(sent(red, icc_profile=profile)), 2, 2) == "R"
    assert colour_at(stored(sent(red, icc_profile=swapped)), 2, 2) == "B"
    assert colour_at(stored(sent(red.convert("RGBA"), icc_profile=swapped)), 2, 2) == "B"
    assert colour_at(stored(sent(red, icc_profile=b"no profile")), 2, 2) == "R"


def test_the_first_frame_of_an_animation_is_taken():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ["red", "blue"]]

    image = stored(sent(frames[0], "WEBP", save_all=True, append_images=frames[1:]))

    assert getattr(image, "n_frames", 1) == 1
    assert colour_at(image, 2, 2) == "R"


def test_a_picture_that_compresses_badly_is_made_to_fit():
    stored_ = read_picture(sent(Image.frombytes("RGB", (900, 900), os.urandom(900 * 900 * 3))))

    assert len(stored_.content) <= MAX_STORED_BYTES
    assert 200 < stored_.width <= MAX_SIDE


def test_the_same_picture_is_the_same_bytes():
    assert read_picture(a_camera_picture()).digest == read_picture(a_camera_picture()).digest


def too_many_pixels(width, height):
    """Returns a picture of few bytes and many pixels."""
    return sent(Image.new("1", (width, height)))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (lambda: io.BytesIO(b""), "The file is empty."),
        (lambda: io.BytesIO(b"\0" * (10 * 1024 * 1024 + 1)), "larger than 10 MB"),
        (lambda: io.BytesIO(HEIC), "HEIC"),
        (lambda: io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "cannot be read as a picture"),
        (lambda: sent(Image.new("L", (9, 9)), "GIF"), "cannot be read as a picture"),
        (lambda: sent(Image.new("L", (9, 9)), "TIFF"), "cannot be read as a picture"),
        (lambda: io.BytesIO(a_camera_picture().getvalue()[:900]), "cannot be read as a picture"),
        (lambda: too_many_pixels(5000, 4001), "too many pixels"),
        (lambda: too_many_pixels(8000, 5001), "too many pixels"),
        (lambda: too_many_pixels(20_000, 20_000), "too many pixels"),
        (lambda: sent(Image.new("L", (8000, 5001)), "JPEG"), "too many pixels"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(file, words):
    with pytest.raises(PictureRefused, match=words):
        read_picture(file())


def test_a_large_picture_of_a_camera_is_read():
    image = stored(sent(quarters((7300, 5400)), "JPEG"))

    assert image.size == (480, 355)


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch):
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda image: pytest.fail("decoded"))

    with pytest.raises(PictureRefused, match="pixels"):
        read_picture(too_many_pixels(5000, 4001))


BEGINNINGS = [sent(quarters((20, 20)), form).getvalue() for form in ["JPEG", "PNG", "WEBP"]]


@st.composite
def damaged(draw):
    """Returns the bytes of a real file with a few bytes replaced."""
    content = draw(st.sampled_from(BEGINNINGS))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content) - 1))
        content = content[:place] + draw(st.binary(max_size=4)) + content[place + 1 :]
    return content


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | damaged())
def test_no_bytes_make_it_crash(content):
    try:
        found = read_picture(io.BytesIO(content))
    except PictureRefused:
        return
    assert check_picture(found.content) == found


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 1200),
    st.integers(1, 1200),
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA"]),
    st.integers(0, 9),
    st.binary(min_size=1, max_size=20),
)
def test_any_picture_ends_within_the_limits_and_without_metadata(width, height, mode, orientation, words):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.ImageDescription] = words.hex()

    found = read_picture(sent(Image.new(mode, (width, height)), exif=exif))

    image = Image.open(io.BytesIO(found.content))
    assert image.size == (found.width, found.height)
    assert max(image.size) == min(MAX_SIDE, max(width, height))
    assert len(found.content) <= MAX_STORED_BYTES
    assert (dict(image.getexif()), image.info.keys() & {"exif", "icc_profile", "xmp"}) == ({}, set())
    assert check_picture(found.content) == found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF and no more",
        sent(quarters()).getvalue(),
        sent(quarters((481, 10)), "WEBP").getvalue(),
        sent(quarters(), "WEBP", exif=Image.Exif().tobytes() + b"x").getvalue(),
        sent(quarters((20, 20)), "WEBP", xmp=b"<x:xmpmeta/>").getvalue(),
        sent(quarters((20, 20)), "WEBP", save_all=True, append_images=[Image.new("RGB", (20, 20))]).getvalue(),
    ],
)
def test_a_picture_from_another_site_must_be_as_we_make_them(content):
    with pytest.raises(PictureRefused):
        check_picture(content)


def test_pillow_refuses_decompression_bombs_in_the_whole_process():
    limit = Image.MAX_IMAGE_PIXELS

    assert limit == 40_000_000
