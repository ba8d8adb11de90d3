"""Turns a phone number as an organization writes it into one that a telephone can dial."""

import re
import unicodedata

import phonenumbers

MAX_LENGTH = 80  # characters; a longer text is a sentence that contains numbers

# A whole number. Letters count as digits only in capitals and at the end, so that "or", "home" and names do not.
PRINTED = re.compile(r"\+?[\d\s().\[\]/-]*\d[\d\s().\[\]/-]*(?P<vanity>(?:[A-Z]{2,}|[A-Z]-)[A-Z\d -]*)?")
EXTENSION = re.compile(r"(?<=[\d\s,;)])(?:ext(?:ension|n)?\.?|x\.?|#)[\s.:]*\d{1,7}$", re.IGNORECASE)
SPELLED_OUT = re.compile(r"^(?P<number>.*\w)[\s-]*\((?P<repeat>[A-Z]{3,}|\d{2,})\)$")


def dial(printed: str, country: str) -> str:
    """Returns the number in E.164 form ("+18886554766") without extension, or "" where it is not clearly one number.

    `country` is the ISO code of the country that a number without "+" belongs to. Without a country, only numbers with
    "+" are read.
    """
    number = _without_punctuation(printed)
    if not number or len(number) > MAX_LENGTH:
        return ""
    number = _without_repeat(EXTENSION.sub("", number).rstrip(" ,;"))
    match = PRINTED.fullmatch(number)
    if not match or number.count("(") > 2 or not _slash_is_inside(number):
        return ""
    if match["vanity"] and len(re.findall("[A-Z]", match["vanity"])) < 3:
        return ""  # phonenumbers would drop the letters
    try:
        parsed = phonenumbers.parse(number, country.strip().upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _without_punctuation(printed: str) -> str:
    """Returns the text with plain spaces, dashes and digits, and without the invisible characters of web pages."""
    chars = []
    for char in unicodedata.normalize("NFKC", printed):
        category = unicodedata.category(char)
        if category == "Pd" or char == "\N{MINUS SIGN}":
            chars.append("-")
        elif category != "Cf":
            chars.append(char)
    return " ".join("".join(chars).split()).strip(",; ")


def _without_repeat(number: str) -> str:
    """Removes the end in brackets of "1-888-655-IRON (4766)" or "1-888-655-4766 (IRON)", which repeats the number."""
    match = SPELLED_OUT.fullmatch(number)
    if match and _digits(match["number"]).endswith(_digits(match["repeat"])):
        return match["number"]
    return number


def _digits(text: str) -> str:
    return re.sub(r"\D", "", phonenumbers.convert_alpha_characters_in_number(text))


def _slash_is_inside(number: str) -> bool:
    """Returns whether a slash is between an area code and its number ("030/1234567"), not between two numbers."""
    before, slash, after = number.partition("/")
    if not slash:
        return True
    return "/" not in after and len(re.findall(r"\d", before)) <= 6 and len(re.findall(r"\w", after)) >= 5
