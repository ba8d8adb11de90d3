"""The names of countries and regions as addresses print them, and functions that find one at the end of a line.

pycountry has the names of ISO 3166. No address says "Venezuela (Bolivarian Republic of)", so its names count without
what is in brackets or behind a comma, and some that addresses print are added here.
"""

import re
import unicodedata
from collections.abc import Container, Iterator
from functools import cache
from typing import NamedTuple

import pycountry

# Code and names that ISO 3166 does not have, or has for several countries.
OTHER_COUNTRY_NAMES = """
AE UAE; AT Österreich; BA Bosnia; BE België|Belgique; BN Brunei; BR Brasil;
CD Democratic Republic of the Congo|Democratic Republic of Congo|DR Congo; CG Congo; CH Schweiz|Suisse|Svizzera;
CI Ivory Coast; CN PR China; CV Cape Verde; DE Deutschland; DK Danmark; ES España; FI Suomi;
GB UK|Great Britain|England|Scotland|Wales|Northern Ireland; GE Republic of Georgia; HR Hrvatska; HU Magyarország;
IE Republic of Ireland|Éire; IS Ísland; IT Italia; KR Korea|Republic of Korea; MK Macedonia; MM Burma; MO Macau;
NL Holland|Nederland; NO Norge; NR Naoero; NZ Aotearoa New Zealand; PL Polska; RU Russia; SE Sverige; SZ Swaziland;
TL East Timor; TR Turkey; TT Trinidad; US US|USA; VA Vatican City;
VI US Virgin Islands|United States Virgin Islands; ZA RSA
"""

# The countries whose addresses have a region between city and postcode. Their codes are printed in the first three.
CODED = ("US", "CA", "AU")
WITH_REGIONS = (*CODED, "GB", "IE", "IN")

# Names and codes that ISO 3166 does not have: former ones, and the counties of Great Britain as letters have them.
OTHER_REGIONS = {
    "US": "Virgin Islands",
    "CA": "Newfoundland; NF; PQ; Yukon Territory; YK",
    "GB": """
Aberdeenshire; Angus; Argyll; Avon; Ayrshire; Banffshire; Bedfordshire; Berkshire; Berwickshire; Buckinghamshire;
Caithness; Cambridgeshire; Carmarthenshire; Ceredigion; Cheshire; Clackmannanshire; Cleveland; Clwyd; Conwy; Cornwall;
County Antrim; County Armagh; County Down; County Durham; County Fermanagh; County Londonderry; County Tyrone;
Co Antrim; Co Armagh; Co Down; Co Durham; Co Fermanagh; Co Londonderry; Co Tyrone; Cumbria; Denbighshire; Derbyshire;
Devon; Dorset; Dumfriesshire; Dunbartonshire; Durham; Dyfed; East Lothian; East Riding of Yorkshire; East Sussex;
East Yorkshire; Essex; Fife; Flintshire; Glamorgan; Gloucestershire; Greater Manchester; Gwent; Gwynedd; Hampshire;
Herefordshire; Hertfordshire; Humberside; Inverness-shire; Isle of Wight; Kent; Lanarkshire; Lancashire;
Leicestershire; Lincolnshire; Merseyside; Mid Glamorgan; Middlesex; Midlothian; Monmouthshire; Morayshire; Norfolk;
North Yorkshire; Northamptonshire; Northumberland; Nottinghamshire; Oxfordshire; Pembrokeshire; Perthshire; Powys;
Renfrewshire; Roxburghshire; Rutland; Shropshire; Somerset; South Glamorgan; South Yorkshire; Staffordshire;
Stirlingshire; Suffolk; Surrey; Sussex; Sutherland; Tyne and Wear; Warwickshire; West Glamorgan; West Lothian;
West Midlands; West Sussex; West Yorkshire; Wiltshire; Worcestershire; Wrexham; Yorkshire
""",
}
HOME_NATIONS = frozenset({"england", "scotland", "wales", "northern ireland"})
MAX_NAME_WORDS = 10

# After these words, a country is part of a name such as "Society of Great Britain", not of an address.
JOINING_WORDS = frozenset({"of", "for", "in", "and", "&", "the", "to", "from", "across", "de", "des", "d'", "für"})


class Ending(NamedTuple):
    """A country or region at the end of a text."""

    before: str  # the text before it
    printed: str
    key: str  # the name as the tables hold it


def country_at_end(text: str) -> Ending | None:
    """Returns the country at the end of a text, unless it is the end of a region ("New Mexico", "New South Wales")."""
    country = _ending(text, country_names().keys())
    region = _ending(text, _regions("")) if country else None
    if country and region and len(region.printed) > len(country.printed):
        return None
    if country and country.before and country.before.split()[-1].casefold() in JOINING_WORDS:
        return None
    return country


def region_at_end(text: str, country: str) -> Ending | None:
    """Returns the region of a country at the end of a text; a region of any country if `country` is ""."""
    return _ending(text, _regions(country))


def _ending(text: str, names: Container[str]) -> Ending | None:
    words = text.split()
    for count in range(min(MAX_NAME_WORDS, len(words)), 0, -1):
        printed = " ".join(words[-count:]).strip(" ,;")
        key = _fold(printed)
        # Short names are codes and must be in capitals: "US" is a country, "Contact us" is not.
        if key in names and (len(key) > 3 or key.upper() == printed.replace(".", "")):
            return Ending(" ".join(words[:-count]).rstrip(" ,;"), printed, key)
    return None


@cache
def country_names() -> dict[str, str]:
    """Returns the code of each country by name. "Georgia" is left out: such an address is more often in the USA."""
    others = (entry.strip().partition(" ") for entry in OTHER_COUNTRY_NAMES.split(";"))
    names = {_fold(name): code for code, _, names in others for name in names.split("|")}
    for is_shortened in (False, True):
        for country in pycountry.countries:
            for printed in (country.name, *(getattr(country, each, "") for each in ("common_name", "official_name"))):
                name = re.sub(r" \([^)]*\)|,.*", "", printed) if is_shortened else printed
                names.setdefault(_fold(name), country.alpha_2)
    return {name: code for name, code in names.items() if name not in ("", "georgia", "virgin islands")}


@cache
def _regions(country: str) -> frozenset[str]:
    if not country:
        return frozenset().union(*map(_regions, WITH_REGIONS))
    return frozenset(map(_fold, _region_names(country))) if country in WITH_REGIONS else frozenset()


def _region_names(country: str) -> Iterator[str]:
    yield from filter(None, OTHER_REGIONS.get(country, "").split(";"))
    for region in pycountry.subdivisions.get(country_code=country):
        if country in CODED:
            yield region.code.partition("-")[2]
        if country == "IE" and region.type == "County":
            yield from (f"Co {region.name}", f"County {region.name}")
        elif country not in ("GB", "IE"):  # ISO 3166 has the councils of Great Britain, which no address prints
            yield region.name


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char) and char != ".")
    plain = " ".join(plain.replace("’", "'").replace("&", "and").split()).removeprefix("the ")
    return re.sub("^st ", "saint ", plain)
