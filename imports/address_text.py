"""Divides addresses that were typed as running text: finds the end of the name, and city, region, postcode and country.

Only what is recognised for sure is taken out of the street lines. Everything else stays there, in the printed order.
"""

import re
from dataclasses import dataclass

from imports.regions import HOME_NATIONS, WITH_REGIONS, country_at_end, country_names, region_at_end

NUMBER = r"(?:\d+[A-Za-z]?(?:\s?[-–/]\s?\d+[A-Za-z]?)?)"
CAPITALISED = r"(?:[A-ZÀ-ÖØ-Þ][\w.'’-]*|\d+(?:st|nd|rd|th)\b)"
LONG_TYPES = (
    "Street|Avenue|Road|Boulevard|Drive|Lane|Highway|Parkway|Court|Place|Terrace|Crescent|Circle|Way|Square|Turnpike|"
    "Trail|Loop|Plaza|Close|Gardens|Row|Mews|Walk|Quay|Pike|Wharf|Parade|Esplanade|Broadway"
)
SHORT_TYPES = "St|Ave|Av|Rd|Blvd|Dr|Ln|Hwy|Pkwy|Ct|Pl|Ter|Cres|Cir|Sq|Tpke|Trl"
ROOM = (
    r"(?:(?:Suite|Ste\.?|Unit|Apt\.?|Apartment|Room|Rm\.?|Floor|Flat|Building|Bldg\.?|Level|PMB|MS|Mail Stop|Box)"
    r"\s?#?\s?(?:\d[\w-]*|[A-Z](?:-?\d[\w-]*)?(?!\w))|#\s?\d\w*|\d+(?:st|nd|rd|th)\s(?:Floor|Fl\.?))"
)

# "36 Great Charles Street", "350 5th Avenue", "12 N. Main St. NW"
ENGLISH_STREET = (
    rf"{NUMBER},?(?:(?:\s{CAPITALISED}){{1,5}}?\s(?:{LONG_TYPES}|{SHORT_TYPES})(?![\w'’-])\.?(?:\s(?:{LONG_TYPES})(?!\w))*"
    r"|\sBroadway(?!\w))(?:,?\s(?:N|S|E|W|NE|NW|SE|SW)(?!\w)\.?)?"
)
# "Musterstraße 5", "Berliner Straße 12a", "Oudegracht 300"
STREET_THEN_NUMBER = (
    r"(?:\w*[^\W\d](?:straße|strasse|str\.|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|gracht|kade|singel|dijk|"
    rf"gatan|vägen|gata|veien|vegen|gade|vej|katu)|(?:{CAPITALISED}\s)?(?:Straße|Strasse|Str\.|Platz|Allee|Weg))"
    rf"\s{NUMBER}"
)
# "Via Roma 12", "Calle de Alcalá, 45"
TYPE_THEN_NUMBER = (
    rf"(?:Via|Viale|Piazza|Corso|Calle|C/|Avenida|Avda\.?|Rua|Paseo|ul\.)(?:\s[^\W\d][\w.'’-]*){{1,5}},?\s{NUMBER}"
)
BOX = (
    r"(?:(?i:(?:G\.?\s?)?P\.?\s?O\.?\s?Box|Post Office Box|Locked Bag|Private Bag)\s?(?:No\.?\s?)?#?\s?[A-Z]?\d[\w-]*"
    r"|(?:Postfach|Postbus|Postboks|Apartado(?: de Correos)?|Casella Postale|BP|B\.P\.)\s\d+(?:\s\d\d(?!\d))*)"
)
# "96 rue Didot": the end of such a street cannot be recognised, so the pattern only finds the start of the address.
FRENCH_STREET = (
    rf"{NUMBER}(?:\s(?:bis|ter))?,?\s(?:[Rr]ue|avenue|[Bb]oulevard|place|[Cc]hemin|allée|[Ii]mpasse|[Qq]uai|cours|route|"
    r"passage)\s(?:\w|d'|l')"
)

COMPLETE_STREET = rf"(?:{BOX}|{ENGLISH_STREET}|{STREET_THEN_NUMBER}|{TYPE_THEN_NUMBER})(?!\w)(?:,?\s{ROOM}){{0,4}}"
ADDRESS_START = re.compile(rf"(?:{ROOM},?\s){{0,4}}(?:{COMPLETE_STREET}|{FRENCH_STREET}|c/o\s\w)")
# An address is searched only where a word starts: this is fast on long lines, and does not divide "5p-" or "22q11".
WORD_START = re.compile(r"(?<=[\s,])(?=[^\s,])")
STREET = re.compile(rf"(?:^|(?<=[\s,])){COMPLETE_STREET}")

# If one of these words follows "12 Hope Way", it was part of a name: "Group 12 Hope Way Foundation".
NAME_GOES_ON = re.compile(
    r"\W*(?:Foundation|Society|Association|Group|Inc|Trust|Network|Alliance|Institute|Organi[sz]ation|Charity|Federation|"
    r"Council|League|Registry|Support|Syndrome|Disease|International|e\.\s?V)(?!\w)"
)
NOT_A_CITY = re.compile(
    rf"(?:^|\s)(?:{ROOM}|Street|Road|Avenue|Boulevard|Drive|Lane|Highway|Hospital|University|Department|Dept|Institute|"
    r"Clinic|Building|House|Floor|School|College|Foundation|Society|Association|c/o|Attn|rue)(?![\w-])"
    r"|\w(?:straße|strasse|straat|gatan|vägen)(?!\w)"
)
CITY = re.compile(r"(?:[^\W\d_]|['’]s-|['’]t\s)[^\d:;@?!#\"/]*")
NUMBERED_CITY = re.compile(r"(?:Dublin|Cork|Paris|Lyon|Marseille|Praha|Prague|Wien|Bruxelles|.+ [Cc]edex) \d{1,2}\w?")

UK_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"
POSTCODES = {
    **dict.fromkeys(("GB", "JE", "GG", "IM"), UK_POSTCODE),
    **dict.fromkeys(("US", "PR", "GU", "VI"), r"\d{5}(?:-\d{4})?"),
    "CA": r"[A-Z]\d[A-Z]\s?\d[A-Z]\d",
    "IE": r"[A-Z]\d[\dW]\s?[A-Z\d]{4}",
    "NL": r"\d{4}\s?[A-Z]{2}",
    **dict.fromkeys(("AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU"), r"(?:[A-Z]{1,2}-)?\d{4}"),
    **dict.fromkeys(("LI", "LU", "LV", "NO", "NZ", "SI", "TN", "ZA"), r"(?:[A-Z]{1,2}-)?\d{4}"),
    **dict.fromkeys(("DE", "EE", "ES", "FI", "FR", "HR", "IT", "LT"), r"(?:[A-Z]{1,2}-)?\d{5}"),
    **dict.fromkeys(("MC", "MX", "MY", "RS", "TH", "TR", "UA"), r"\d{5}"),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), r"(?:[A-Z]{1,2}-)?\d{3}\s?\d{2}"),
    "BR": r"\d{5}-?\d{3}",
    **dict.fromkeys(("CN", "IN", "RU", "SG"), r"\d{3}\s?\d{3}"),
    "JP": r"\d{3}-?\d{4}",
    "PL": r"(?:PL-)?\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
}
ANY_POSTCODE = r"\d{4,7}"
# Without a country, only a postcode with an unmistakable form counts, or a number beside a region of its country.
TELLING_POSTCODES = {"GB": UK_POSTCODE, "CA": POSTCODES["CA"]}
NOT_A_POSTCODE_AFTER = re.compile(
    r"(?:Box|Bag|No\.?|#|Suite|Ste\.?|Room|Unit|Postfach|Postbus|Postboks|BP|Apartado|Postale|straße|strasse|weg)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


def split_name(text: str) -> tuple[str, str]:
    """Returns the name and the address that follows it. Without a street or box, all of the text is the name."""
    for word in WORD_START.finditer(text):
        start = ADDRESS_START.match(text, word.start())
        if not start or NAME_GOES_ON.match(text, start.end()):
            continue
        name = text[: start.start()].strip(" ,;-–")
        if any(char.isalpha() for char in name):
            return name, text[start.start() :]
    return text, ""


def place(lines: list[str]) -> Place:
    """Returns the parts of an address of one or more lines. They are found from its end backwards."""
    rows = _Rows(lines)
    country, nation = _take_country(rows)
    region = ""
    postal_code, city, home = _take_postal_code(rows, country)
    if not postal_code and len(rows) > 1 and (found := region_at_end(rows.last, country)) and not found.before:
        # "Birmingham, B3 3JY, West Midlands"
        region = rows.last
        rows.replace_last("")
        postal_code, city, home = _take_postal_code(rows, country)
        if not postal_code:
            rows.append(region)
            region = ""
    if postal_code and not country:
        country, nation = _take_country(rows, postal_code)  # "Canada V6Y 3Z5"
        home = country or home
    is_region_alone = False
    if not city and not region:
        region, is_region_alone = _take_region(rows, home or country, is_sure=bool(country or postal_code))
    if not city and (country or postal_code or region):
        city = _take_city(rows)
    if region and not city and is_region_alone and len(region) > 3:
        region, city = "", region  # "12 Main Street, New York, 10001": the city has its region's name
    return Place(rows.text(), city, region or nation, postal_code, country)


class _Rows:
    """The lines of an address, divided at commas. Parts are taken from the end."""

    def __init__(self, lines: list[str]):
        parts = [[part.strip(" ,;") for part in line.split(",")] for line in lines]
        self.rows = [kept for row in parts if (kept := [part for part in row if any(map(str.isalnum, part))])]

    def __len__(self) -> int:
        return sum(map(len, self.rows))

    @property
    def last(self) -> str:
        return self.rows[-1][-1] if self.rows else ""

    def before_last(self) -> str:
        parts = [part for row in self.rows for part in row]
        return parts[-2] if len(parts) > 1 else ""

    def append(self, part: str) -> None:
        self.rows.append([part])

    def replace_last(self, part: str) -> None:
        self.rows[-1].pop()
        if part:
            self.rows[-1].append(part)
        elif not self.rows[-1]:
            self.rows.pop()

    def text(self) -> str:
        return "\n".join(", ".join(row) for row in self.rows)


def _take_country(rows: _Rows, postal_code: str = "") -> tuple[str, str]:
    """Takes the country at the end. Returns its code, and the printed name if it is Scotland, Wales or the like."""
    found = country_at_end(rows.last)
    if not found or (postal_code and not _country_before(rows.last, postal_code)):
        return "", ""
    code = country_names()[found.key]
    rows.replace_last(found.before)
    return code, found.printed if found.key in HOME_NATIONS and found.key != "england" else ""


def _take_postal_code(rows: _Rows, country: str) -> tuple[str, str, str]:
    """Takes the postcode at the end. Returns it, the city if it follows, and the country whose regions to look for."""
    part = rows.last
    if country:
        shapes = {country: POSTCODES.get(country, ANY_POSTCODE)}
    else:
        shapes = TELLING_POSTCODES | {"US": POSTCODES["US"], "AU": POSTCODES["AU"], "": ANY_POSTCODE}
    for home, shape in shapes.items():
        match = re.fullmatch(rf"(?:(?P<before>.*\S)\s)?(?P<code>{shape})", part)
        if not match or NOT_A_POSTCODE_AFTER.search(match["before"] or ""):
            continue
        before = match["before"] or rows.before_last()
        beside_region = home and region_at_end(before, home)
        if country or home in TELLING_POSTCODES or beside_region or _country_before(before, match["code"]):
            rows.replace_last(match["before"] or "")
            return match["code"], "", home
    if country:
        match = re.fullmatch(rf"(?:(?P<before>.*\S)\s)?(?P<code>{shapes[country]})\s(?P<city>\D+(?:\d+\w?)?)", part)
    else:
        match = re.fullmatch(r"(?P<before>)(?P<code>\d{4}\s?[A-Z]{2}|(?:[A-Z]{1,2}-)?\d{4,5})\s(?P<city>\D+)", part)
    if match and _is_city(match["city"]) and not NOT_A_POSTCODE_AFTER.search(match["before"] or ""):
        rows.replace_last(match["before"] or "")
        return match["code"], match["city"], country
    return "", "", ""


def _country_before(text: str, postal_code: str) -> bool:
    """Tells whether a text ends in a country with such postcodes: "Singapore 048616", but not "Lebanon 03766"."""
    found = country_at_end(text)
    return bool(found and re.fullmatch(POSTCODES.get(country_names()[found.key], "(?!)"), postal_code))


def _take_region(rows: _Rows, country: str, is_sure: bool) -> tuple[str, bool]:
    """Takes the region at the end. Returns it, and whether it stood alone between commas.

    A region beside other words counts only if `is_sure`: if the address has a country or a postcode.
    """
    if country and country not in WITH_REGIONS:
        return "", False
    found = region_at_end(rows.last, country)
    if not found or (found.before and not is_sure) or (not found.before and len(rows) == 1):
        return "", False
    rows.replace_last(found.before)
    return found.printed, not found.before or not _city_after_street(found.before)


def _take_city(rows: _Rows) -> str:
    part = rows.last
    if _is_city(part):
        rows.replace_last("")
        return part
    city = _city_after_street(part)
    if not city or city == part:
        return ""
    rows.replace_last(part[: -len(city)].rstrip(" ,;"))
    return city


def _city_after_street(part: str) -> str:
    """Returns the text after the street or box in "36 Great Charles Street Birmingham"; all of it if there is none."""
    streets = list(STREET.finditer(part))
    if not streets:
        return part
    rest = part[streets[-1].end() :].strip(" ,;")
    return rest if _is_city(rest) else ""


def _is_city(text: str) -> bool:
    if NUMBERED_CITY.fullmatch(text):
        return True
    return bool(CITY.fullmatch(text)) and not NOT_A_CITY.search(text) and not text[0].islower()
