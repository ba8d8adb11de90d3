"""Makes a picture that an editor sends ready to be shown: small, upright and without metadata.

The stored picture is a new one, made of the colours alone. So it contains no place, camera, time or hidden text.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageOps

MAX_PICTURE_MEGABYTES = 10
MEGAPIXELS = {"JPEG": 40, "MPO": 40, "PNG": 20, "WEBP": 20}
"""How many million pixels a file may have. Most JPEG files are decoded in a smaller size; for the other formats all
pixels are in memory. At these limits both take at most 310 MB, as measured."""
FORMATS = ("JPEG", "PNG", "WEBP")

MAX_SIDE = 480
"""The longer side of a stored picture, in pixels."""
MAX_STORED_BYTES = 60_000
QUALITIES = (82, 72, 60, 45, 30)  # of WebP, tried in this order

# Pillow's own limit, for the whole process: it refuses more than twice as many pixels before it decodes any.
Image.MAX_IMAGE_PIXELS = max(MEGAPIXELS.values()) * 1_000_000


class PictureRefused(ValueError):
    """Raised where a file cannot be used as a picture; the message tells an editor why and what to do."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture in the format in which it is stored: WebP."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read_picture(file: IO[bytes]) -> StoredPicture:
    """Returns a sent file as a picture to store. Raises PictureRefused."""
    file.seek(0)
    content = file.read(MAX_PICTURE_MEGABYTES * 1024 * 1024 + 1)
    if not content:
        raise PictureRefused(_("The file is empty."))
    if len(content) > MAX_PICTURE_MEGABYTES * 1024 * 1024:
        raise PictureRefused(_("The file is larger than %(n)s MB. Send a smaller one.") % {"n": MAX_PICTURE_MEGABYTES})
    if re.match(rb"....ftyp(hei|hev|mif|msf|avi)", content, re.DOTALL):
        raise PictureRefused(
            _("This is a HEIC or AVIF picture, as many phones make them. Save it as JPEG and send the JPEG file.")
        )
    return _encode(_draw(content))


def check_picture(content: bytes) -> StoredPicture:
    """Returns a picture that another site stored. Raises PictureRefused where `read_picture` could not have made it."""
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
            width, height = image.size
            if max(width, height) <= MAX_SIDE:
                image.load()
            metadata = [*image.info.keys() & {"exif", "icc_profile", "xmp"}, *image.getexif()]
            frames = getattr(image, "n_frames", 1)
    except Exception as error:  # as in _draw
        raise PictureRefused("is not a WebP picture") from error
    if len(content) > MAX_STORED_BYTES or max(width, height) > MAX_SIDE or metadata or frames != 1:
        raise PictureRefused(
            f"is not a still picture of at most {MAX_SIDE} pixels and {MAX_STORED_BYTES:,} bytes without metadata"
        )
    return StoredPicture(content, width, height)


def _draw(content: bytes) -> Image.Image:
    """Returns a new image with the colours of the first frame, in the final size, upright and in sRGB."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MEGAPIXELS[image.format or ""] * 1_000_000:
                raise Image.DecompressionBombError
            orientation = _orientation(image)
            profile = image.info.get("icc_profile")
            image.draft("RGB", (2 * MAX_SIDE, 2 * MAX_SIDE))  # decodes a JPEG in a smaller size where possible
            colours = _to_srgb(_resize(image), profile)
            canvas = Image.new("RGB", colours.size, "white")
            canvas.paste(colours, mask=colours.getchannel("A") if colours.mode == "RGBA" else None)
            canvas.getexif()[ExifTags.Base.Orientation] = orientation
            ImageOps.exif_transpose(canvas, in_place=True)  # also removes the orientation
            return canvas
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(
            _("The picture has too many pixels: a JPEG may have %(jpeg)s million, others %(other)s million.")
            % {"jpeg": MEGAPIXELS["JPEG"], "other": MEGAPIXELS["PNG"]}
        ) from error
    except Exception as error:  # Pillow raises many kinds of exceptions for broken files
        raise PictureRefused(
            _("This cannot be read as a picture. Send a JPEG, PNG or WebP file that opens on your computer.")
        ) from error


def _orientation(image: Image.Image) -> object:
    """Returns the value of the EXIF orientation, which says how to turn the picture upright."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # the metadata may be broken although the picture is not
        return None


def _resize(image: Image.Image) -> Image.Image:
    """Returns the image in the final size, with 8 bits a colour and no palette, which resizing needs."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")  # 16 bits of grey
    elif image.mode in {"1", "P", "PA", "LA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    return image


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Returns the image in sRGB, without its colour profile. A broken profile is ignored."""
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            plain = image.convert("RGB") if alpha else image
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
        else:
            if converted:
                if alpha:
                    converted.putalpha(alpha)
                return converted
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


def _encode(canvas: Image.Image) -> StoredPicture:
    """Returns the picture in the best quality that fits MAX_STORED_BYTES; if none fits, three quarters as large."""
    image = canvas
    while True:  # one pixel fits
        for quality in QUALITIES:
            buffer = io.BytesIO()
            image.save(buffer, "WEBP", quality=quality, method=6)
            if buffer.tell() <= MAX_STORED_BYTES:
                return StoredPicture(buffer.getvalue(), *image.size)
        smaller = max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)
        image = canvas.resize(smaller, Image.Resampling.LANCZOS)
