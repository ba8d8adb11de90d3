"""Turns a phone number as an organization prints it into one that a telephone can dial."""

import re
import unicodedata

import phonenumbers

MAX_DIGITS = 80  # characters; what is longer is prose with numbers in it

# The whole of a number: a vanity word counts only in capitals and at the end, so that "or", "home" and names do not.
PRINTED = re.compile(r"\+?[\d\s().\[\]/-]*\d[\d\s().\[\]/-]*(?P<vanity>(?:[A-Z]{2,}|[A-Z]-)[A-Z\d -]*)?")
EXTENSION = re.compile(r"(?<=[\d\s,;)])(?:ext(?:ension|n)?\.?|x\.?|#)[\s.:]*\d{1,7}$", re.IGNORECASE)
SPELLED_OUT = re.compile(r"^(?P<number>.*\w)[\s-]*\((?P<again>[A-Z]{3,}|\d{2,})\)$")


def dial(printed: str, country: str) -> str:
    """The number in E.164 form ("+18886554766") without its extension, or "" where it is not surely one number.

    `country` is the ISO code to assume where none is printed; without one only numbers with a "+" can be dialled.
    """
    number = _without_punctuation(printed)
    if not number or len(number) > MAX_DIGITS:
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
    """One kind of space, dash and width, and none of the invisible marks that copying from a web page brings along."""
    kept = []
    for char in unicodedata.normalize("NFKC", printed):
        category = unicodedata.category(char)
        if category == "Pd" or char == "\N{MINUS SIGN}":
            kept.append("-")
        elif category != "Cf":
            kept.append(char)
    return " ".join("".join(kept).split()).strip(",; ")


def _without_repeat(number: str) -> str:
    """Without the end in brackets of "1-888-655-IRON (4766)" or "1-888-655-4766 (IRON)", where it says the same."""
    match = SPELLED_OUT.fullmatch(number)
    if match and _digits(match["number"]).endswith(_digits(match["again"])):
        return match["number"]
    return number


def _digits(text: str) -> str:
    return re.sub(r"\D", "", phonenumbers.convert_alpha_characters_in_number(text))


def _slash_is_inside(number: str) -> bool:
    """Whether every slash parts an area code from its number ("030/1234567") and not one number from the next."""
    before, slash, after = number.partition("/")
    if not slash:
        return True
    return "/" not in after and len(re.findall(r"\d", before)) <= 6 and len(re.findall(r"\w", after)) >= 5
