"""The names of countries and regions as addresses print them, and functions that find one at the end of a line.

This is a table of our own, because django-countries needs configured settings and gives only the official names in the
reader's language. No address says "Venezuela (Bolivarian Republic of)".
"""

import re
import unicodedata
from collections.abc import Container
from functools import cache
from typing import NamedTuple

# Code and names. "Georgia" is left out: an address that ends so is more often in the state of the USA.
COUNTRIES = """
AD Andorra; AE United Arab Emirates|UAE; AF Afghanistan; AG Antigua and Barbuda; AI Anguilla; AL Albania; AM Armenia;
AO Angola; AQ Antarctica; AR Argentina; AS American Samoa; AT Austria|Österreich; AU Australia; AW Aruba;
AX Åland Islands; AZ Azerbaijan; BA Bosnia and Herzegovina|Bosnia; BB Barbados; BD Bangladesh;
BE Belgium|België|Belgique; BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BL Saint Barthélemy;
BM Bermuda; BN Brunei|Brunei Darussalam; BO Bolivia; BQ Bonaire; BR Brazil|Brasil; BS Bahamas; BT Bhutan;
BV Bouvet Island; BW Botswana; BY Belarus; BZ Belize; CA Canada; CC Cocos Islands;
CD Democratic Republic of the Congo|Democratic Republic of Congo|DR Congo; CF Central African Republic;
CG Congo|Republic of the Congo; CH Switzerland|Schweiz|Suisse|Svizzera; CI Côte d'Ivoire|Ivory Coast;
CK Cook Islands; CL Chile; CM Cameroon; CN China|People's Republic of China|PR China; CO Colombia; CR Costa Rica;
CU Cuba; CV Cabo Verde|Cape Verde; CW Curaçao; CX Christmas Island; CY Cyprus; CZ Czechia|Czech Republic;
DE Germany|Deutschland; DJ Djibouti; DK Denmark|Danmark; DM Dominica; DO Dominican Republic; DZ Algeria; EC Ecuador;
EE Estonia; EG Egypt; EH Western Sahara; ER Eritrea; ES Spain|España; ET Ethiopia; FI Finland|Suomi; FJ Fiji;
FK Falkland Islands; FM Micronesia; FO Faroe Islands; FR France; GA Gabon;
GB United Kingdom|UK|Great Britain|England|Scotland|Wales|Northern Ireland;
GB United Kingdom of Great Britain and Northern Ireland;
GD Grenada; GE Republic of Georgia; GF French Guiana; GG Guernsey; GH Ghana; GI Gibraltar; GL Greenland; GM Gambia;
GN Guinea; GP Guadeloupe; GQ Equatorial Guinea; GR Greece; GS South Georgia and the South Sandwich Islands;
GT Guatemala; GU Guam; GW Guinea-Bissau; GY Guyana; HK Hong Kong; HM Heard Island and McDonald Islands; HN Honduras;
HR Croatia|Hrvatska; HT Haiti; HU Hungary|Magyarország; ID Indonesia; IE Ireland|Republic of Ireland|Éire; IL Israel;
IM Isle of Man; IN India; IO British Indian Ocean Territory; IQ Iraq; IR Iran; IS Iceland|Ísland; IT Italy|Italia;
JE Jersey; JM Jamaica; JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros;
KN Saint Kitts and Nevis|St Kitts and Nevis; KP North Korea|Democratic People's Republic of Korea;
KR Korea|South Korea|Republic of Korea; KW Kuwait; KY Cayman Islands; KZ Kazakhstan;
LA Laos|Lao People's Democratic Republic; LB Lebanon; LC Saint Lucia|St Lucia; LI Liechtenstein; LK Sri Lanka;
LR Liberia; LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya; MA Morocco; MC Monaco;
MD Moldova|Republic of Moldova; ME Montenegro; MF Saint Martin; MG Madagascar; MH Marshall Islands;
MK North Macedonia|Macedonia; ML Mali; MM Myanmar|Burma; MN Mongolia; MO Macao|Macau; MP Northern Mariana Islands;
MQ Martinique; MR Mauritania; MS Montserrat; MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico; MY Malaysia;
MZ Mozambique; NA Namibia; NC New Caledonia; NE Niger; NF Norfolk Island; NG Nigeria; NI Nicaragua;
NL Netherlands|Holland|Nederland; NO Norway|Norge; NP Nepal; NR Nauru|Naoero; NU Niue;
NZ New Zealand|Aotearoa New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea;
PH Philippines; PK Pakistan; PL Poland|Polska; PM Saint Pierre and Miquelon; PN Pitcairn; PR Puerto Rico;
PS Palestine|State of Palestine; PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE Réunion; RO Romania|România;
RS Serbia; RU Russia|Russian Federation; RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC Seychelles; SD Sudan;
SE Sweden|Sverige; SG Singapore; SH Saint Helena; SI Slovenia; SJ Svalbard and Jan Mayen;
SK Slovakia|Slovak Republic; SL Sierra Leone; SM San Marino; SN Senegal; SO Somalia; SR Suriname; SS South Sudan;
ST Sao Tome and Principe; SV El Salvador; SX Sint Maarten; SY Syria|Syrian Arab Republic; SZ Eswatini|Swaziland;
TC Turks and Caicos Islands; TD Chad; TF French Southern Territories; TG Togo; TH Thailand; TJ Tajikistan;
TK Tokelau; TL Timor-Leste|East Timor; TM Turkmenistan; TN Tunisia; TO Tonga; TR Türkiye|Turkey;
TT Trinidad and Tobago|Trinidad; TV Tuvalu; TW Taiwan; TZ Tanzania|United Republic of Tanzania; UA Ukraine;
UG Uganda; UM United States Minor Outlying Islands; US United States|United States of America|US|USA; UY Uruguay;
UZ Uzbekistan; VA Holy See|Vatican City; VC Saint Vincent and the Grenadines|St Vincent and the Grenadines;
VE Venezuela; VG British Virgin Islands; VI US Virgin Islands|United States Virgin Islands; VN Viet Nam|Vietnam;
VU Vanuatu; WF Wallis and Futuna; WS Samoa; YE Yemen; YT Mayotte; ZA South Africa|RSA; ZM Zambia; ZW Zimbabwe
"""

# The regions that addresses have between city and postcode, for countries with a fixed list. Codes are in capitals.
REGIONS = {
    "US": """
Alabama AL; Alaska AK; Arizona AZ; Arkansas AR; California CA; Colorado CO; Connecticut CT; Delaware DE; Florida FL;
Georgia GA; Hawaii HI; Idaho ID; Illinois IL; Indiana IN; Iowa IA; Kansas KS; Kentucky KY; Louisiana LA; Maine ME;
Maryland MD; Massachusetts MA; Michigan MI; Minnesota MN; Mississippi MS; Missouri MO; Montana MT; Nebraska NE;
Nevada NV; New Hampshire NH; New Jersey NJ; New Mexico NM; New York NY; North Carolina NC; North Dakota ND; Ohio OH;
Oklahoma OK; Oregon OR; Pennsylvania PA; Rhode Island RI; South Carolina SC; South Dakota SD; Tennessee TN; Texas TX;
Utah UT; Vermont VT; Virginia VA; Washington WA; West Virginia WV; Wisconsin WI; Wyoming WY; District of Columbia DC;
Puerto Rico PR; Guam GU; Virgin Islands VI
""",
    "CA": """
Alberta AB; British Columbia BC; Manitoba MB; New Brunswick NB; Newfoundland and Labrador NL; Newfoundland NF;
Nova Scotia NS; Northwest Territories NT; Nunavut NU; Ontario ON; Prince Edward Island PE; Quebec QC; Quebec PQ;
Saskatchewan SK; Yukon YT; Yukon Territory YK
""",
    "AU": """
New South Wales NSW; Queensland QLD; Victoria VIC; Tasmania TAS; South Australia SA; Western Australia WA;
Australian Capital Territory ACT; Northern Territory NT
""",
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
    "IE": """
Co Carlow; County Carlow; Co Cavan; County Cavan; Co Clare; County Clare; Co Cork; County Cork; Co Donegal; County
Donegal; Co Dublin; County Dublin; Co Galway; County Galway; Co Kerry; County Kerry; Co Kildare; County Kildare; Co
Kilkenny; County Kilkenny; Co Laois; County Laois; Co Leitrim; County Leitrim; Co Limerick; County Limerick; Co
Longford; County Longford; Co Louth; County Louth; Co Mayo; County Mayo; Co Meath; County Meath; Co Monaghan; County
Monaghan; Co Offaly; County Offaly; Co Roscommon; County Roscommon; Co Sligo; County Sligo; Co Tipperary; County
Tipperary; Co Waterford; County Waterford; Co Westmeath; County Westmeath; Co Wexford; County Wexford; Co Wicklow;
County Wicklow
""",
    "IN": """
Andhra Pradesh; Arunachal Pradesh; Assam; Bihar; Chhattisgarh; Delhi; Goa; Gujarat; Haryana; Himachal Pradesh;
Jharkhand; Karnataka; Kerala; Madhya Pradesh; Maharashtra; Manipur; Meghalaya; Mizoram; Nagaland; Odisha; Punjab;
Rajasthan; Sikkim; Tamil Nadu; Telangana; Tripura; Uttar Pradesh; Uttarakhand; West Bengal
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


def country_code(key: str) -> str:
    return country_names()[key]


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


def has_regions(country: str) -> bool:
    return country in REGIONS


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
    """Returns the code of each country by name."""
    entries = (entry.strip().partition(" ") for entry in COUNTRIES.split(";"))
    return {_fold(name): code for code, _, names in entries for name in names.split("|")}


@cache
def _regions(country: str) -> frozenset[str]:
    if country not in REGIONS:
        return frozenset().union(*(_regions(each) for each in REGIONS)) if not country else frozenset()
    names: set[str] = set()
    for entry in REGIONS[country].split(";"):
        coded = re.fullmatch(r"(.+) ([A-Z]{2,3})", entry.strip())
        names.update(_fold(name) for name in (coded.groups() if coded else (entry,)))
    return frozenset(names)


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char) and char != ".")
    return " ".join(plain.replace("’", "'").replace("&", "and").split()).removeprefix("the ")
