"""A picture that somebody sends, made into one that may be shown: small, upright, and without a word about its maker.

What is stored is drawn anew from the colours alone. So no place, no camera, no time and no hidden text comes along.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms

MAX_PICTURE_MEGABYTES = 10
MEGAPIXELS = {"JPEG": 40, "MPO": 40, "PNG": 20, "WEBP": 20}
"""What is decoded. Most JPEG files are decoded small; of the others all pixels stand in memory. Either takes 310 MB at
most, measured at these limits."""
FORMATS = ("JPEG", "PNG", "WEBP")

SIDE = 480
"""The longer side of what is stored, in pixels."""
MAX_STORED_BYTES = 60_000
QUALITIES = (82, 72, 60, 45, 30)

# Pillow's own guard, for the whole process: it refuses twice as many pixels before it decodes any.
Image.MAX_IMAGE_PIXELS = max(MEGAPIXELS.values()) * 1_000_000

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture so that it stands as its camera was held."""


class PictureRefused(ValueError):
    """A file cannot be used as a picture; the message tells an editor why and what to do."""


@dataclass(frozen=True)
class Stored:
    """A picture as it is stored: WebP."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read_picture(file: IO[bytes]) -> Stored:
    """A sent file as a picture that may be stored. Raises PictureRefused."""
    file.seek(0)
    content = file.read(MAX_PICTURE_MEGABYTES * 1024 * 1024 + 1)
    if not content:
        raise PictureRefused(_("The file is empty."))
    if len(content) > MAX_PICTURE_MEGABYTES * 1024 * 1024:
        raise PictureRefused(_("The file is larger than %(n)s MB. Send a smaller one.") % {"n": MAX_PICTURE_MEGABYTES})
    if re.match(rb"....ftyp(hei|hev|mif|msf|avi)", content, re.DOTALL):
        raise PictureRefused(
            _("This is a HEIC or AVIF picture, as many phones make them. Save it as JPEG, and send that.")
        )
    return _encoded(_drawn(content))


def check_picture(content: bytes) -> Stored:
    """A picture that another site stored, as it is. Raises PictureRefused where `read` would not have made it so."""
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
            width, height = image.size
            if max(width, height) <= SIDE:
                image.load()
            said = [*image.info.keys() & {"exif", "icc_profile", "xmp"}, *image.getexif()]
            frames = getattr(image, "n_frames", 1)
    except Exception as error:  # as in _drawn
        raise PictureRefused("is no WebP picture") from error
    if len(content) > MAX_STORED_BYTES or max(width, height) > SIDE or said or frames != 1:
        raise PictureRefused(
            f"is no still picture of at most {SIDE} pixels, {MAX_STORED_BYTES:,} bytes and without metadata"
        )
    return Stored(content, width, height)


def _drawn(content: bytes) -> Image.Image:
    """The first frame of a picture in its final size, upright and in plain colours, on a canvas of our own."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MEGAPIXELS[image.format or ""] * 1_000_000:
                raise Image.DecompressionBombError
            turn = _turn(image)
            profile = image.info.get("icc_profile")
            image.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded no larger than it takes
            colours = _in_srgb(_small(image), profile)
            canvas = Image.new("RGB", colours.size, "white")
            canvas.paste(colours, mask=colours.getchannel("A") if colours.mode == "RGBA" else None)
            return canvas if turn is None else canvas.transpose(turn)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(
            _("The picture has too many pixels: a JPEG may have %(jpeg)s million, others %(other)s million.")
            % {"jpeg": MEGAPIXELS["JPEG"], "other": MEGAPIXELS["PNG"]}
        ) from error
    except Exception as error:  # a broken file makes Pillow's readers stumble in every way there is
        raise PictureRefused(
            _("This cannot be read as a picture. Send a JPEG, PNG or WebP file that opens on your computer.")
        ) from error


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # what is said about a picture may be broken where the picture is not
        return None


def _small(image: Image.Image) -> Image.Image:
    """In its final size, with 8 bits a colour: mixing colours takes them, and names of colours cannot be mixed."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")  # 16 bits of grey
    elif image.mode in {"1", "P", "PA", "LA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that were meant, without the profile that says so; a profile that makes no sense is ignored."""
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            plain = image.convert("RGB") if alpha else image
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            meant = ImageCms.profileToProfile(plain, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
        else:
            if meant:
                if alpha:
                    meant.putalpha(alpha)
                return meant
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


def _encoded(canvas: Image.Image) -> Stored:
    """As good as fits. Noise may fit at no quality: then it is made smaller."""
    for size in _sizes(canvas.size):
        image = canvas if size == canvas.size else canvas.resize(size, Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=quality, method=6)
            if buffer.tell() <= MAX_STORED_BYTES:
                return Stored(buffer.getvalue(), *size)
    raise AssertionError("one pixel fits")


def _sizes(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    width, height = size
    while True:
        yield width, height
        if width == height == 1:
            return
        width, height = max(1, width * 3 // 4), max(1, height * 3 // 4)
