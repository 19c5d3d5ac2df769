"""The countries whose names, addresses, money and days a screen may show: one locale a screen.

Names and streets come from faker (people.py); a city with its postcode and area code, and how numbers are written, stand here,
because faker ties neither a postcode to its city nor a phone number to its place.
"""

from dataclasses import dataclass, field

MIDDLE, EURO_DAYS = "{d} {b} {y}", ("{dd}.{mm}.{y}", "{d} {b} {y}")


@dataclass(frozen=True)
class Locale:
    """One country. In patterns `#` is any digit; `phone` has its area code as `{area}`, `street` has `{street}` and `{n}`.

    `places` are (city, postcode pattern, area code); `streets` and `companies` are what faker's must match to be taken;
    `kinds` are the words that follow a surname in a street's name, where faker's own street names read oddly.
    """

    name: str
    country: str
    domain: str
    currency: str
    phone: str
    places: tuple[tuple[str, str, str], ...]
    streets: str = ""
    companies: str = r"[ -]"
    kinds: tuple[str, ...] = ()
    street: str = "{street} {n}"
    after: bool = False
    group: str = "."
    point: str = ","
    days: tuple[str, ...] = EURO_DAYS
    clocks: tuple[str, ...] = ("{H}:{M}",)
    mail: tuple[str, ...] = field(default=("inbox.eu", "postbox.net"))


def _places(text: str) -> tuple[tuple[str, str, str], ...]:
    city, postcode, area = 0, 1, 2
    rows = [tuple(part.strip() for part in row.split(",")) for row in text.split("/")]
    return tuple((row[city], row[postcode], row[area]) for row in rows)


LOCALES: dict[str, Locale] = {
    locale.name: locale
    for locale in (
        Locale(
            name="en_US",
            country="United States",
            domain="com",
            currency="$",
            phone="({area}) 555-01##",
            places=_places(
                "Austin, 7870#, 512/Portland, 9720#, 503/Chicago, 6060#, 312/Denver, 8020#, 303/Raleigh, 2760#, 919/"
                "Madison, 5370#, 608/Seattle, 9810#, 206/Boston, 0211#, 617/Tucson, 8570#, 520/Savannah, 3140#, 912"
            ),
            kinds=("Street", "Avenue", "Road", "Lane", "Drive", "Court"),
            street="{n} {street}",
            group=",",
            point=".",
            days=("{b} {d}, {y}", "{mm}/{dd}/{y}", "{y}-{mm}-{dd}"),
            clocks=("{h}:{M} {p}", "{H}:{M}"),
            mail=("mail.com", "inbox.com", "postbox.net", "fastmail.net"),
        ),
        Locale(
            name="en_GB",
            country="United Kingdom",
            domain="co.uk",
            currency="£",
            phone="{area} 496 0###",
            places=_places(
                "Leeds, LS1 #AP, 0113/Bristol, BS1 #TY, 0117/Sheffield, S1 #GF, 0114/Edinburgh, EH1 #NG, 0131/"
                "Nottingham, NG1 #HN, 0115/Leicester, LE1 #WA, 0116/Glasgow, G2 #DU, 0141/Reading, RG1 #AX, 0118"
            ),
            kinds=("Road", "Lane", "Street", "Close", "Gardens", "Terrace"),
            street="{n} {street}",
            group=",",
            point=".",
            days=("{d} {b} {y}", "{dd}/{mm}/{y}", "{y}-{mm}-{dd}"),
            clocks=("{H}:{M}", "{h}:{M} {p}"),
            mail=("mailbox.co.uk", "postbox.net", "inbox.com"),
        ),
        Locale(
            name="en_CA",
            country="Canada",
            domain="ca",
            currency="$",
            phone="({area}) 555-01##",
            places=_places(
                "Toronto, M5H #M9, 416/Ottawa, K1P #B7, 613/Halifax, B3J #A5, 902/Calgary, T2P #M5, 403/"
                "Winnipeg, R3C #Z3, 204/Victoria, V8W #E7, 250/Kingston, K7L #G2, 343/Regina, S4P #Y2, 306"
            ),
            kinds=("Street", "Avenue", "Crescent", "Road", "Boulevard"),
            street="{n} {street}",
            group=",",
            point=".",
            days=("{y}-{mm}-{dd}", "{b} {d}, {y}"),
            clocks=("{h}:{M} {p}",),
        ),
        Locale(
            name="de_DE",
            country="Germany",
            domain="de",
            currency="€",
            phone="+49 {area} 23125 ###",
            places=_places(
                "Hamburg, 2009#, 40/Leipzig, 0410#, 341/Köln, 5066#, 221/Bremen, 2819#, 421/Freiburg, 7909#, 761/"
                "Kassel, 3411#, 561/München, 8033#, 89/Lübeck, 2355#, 451/Erfurt, 9908#, 361/Mainz, 5511#, 6131"
            ),
            streets=r"(?i)(straße|weg|gasse|allee|platz|ring)$",
            companies=r" (GmbH|AG|KG|OHG|e\.V\.)$",
            after=True,
        ),
        Locale(
            name="fr_FR",
            country="France",
            domain="fr",
            currency="€",
            phone="+33 {area} 99 00 ## ##",
            places=_places(
                "Lyon, 6900#, 4/Nantes, 4400#, 2/Lille, 5900#, 3/Rennes, 3500#, 2/Bordeaux, 3300#, 5/Grenoble, 3800#, 4/"
                "Dijon, 2100#, 3/Toulouse, 3100#, 5/Nice, 0600#, 4"
            ),
            streets=r"^(rue|avenue|boulevard|chemin|place) ",
            companies=r" (S\.A\.R\.L\.|SA|S\.A\.S\.|SARL|et Fils)$",
            street="{n} {street}",
            after=True,
            group=" ",
            days=("{dd}/{mm}/{y}", MIDDLE),
        ),
        Locale(
            name="es_ES",
            country="Spain",
            domain="es",
            currency="€",
            phone="+34 {area} 555 ###",
            places=_places(
                "Valencia, 4600#, 96/Sevilla, 4100#, 95/Bilbao, 4800#, 94/Zaragoza, 5000#, 976/Málaga, 2901#, 952/"
                "Granada, 1800#, 958/Vigo, 3620#, 986/Gijón, 3320#, 985"
            ),
            streets=r"^(Calle|Avenida|Plaza|Paseo|Camino) ",
            companies=r" S\.(A|L)\.U?\.?$",
            street="{street}, {n}",
            after=True,
            days=("{dd}/{mm}/{y}", MIDDLE),
        ),
        Locale(
            name="it_IT",
            country="Italy",
            domain="it",
            currency="€",
            phone="+39 {area} 555 ####",
            places=_places(
                "Torino, 1012#, 011/Bologna, 4012#, 051/Firenze, 5012#, 055/Verona, 3712#, 045/Genova, 1612#, 010/"
                "Padova, 3512#, 049/Trieste, 3412#, 040/Parma, 4312#, 0521"
            ),
            streets=r"^(Via|Viale|Piazza|Corso|Strada|Vicolo) ",
            companies=r"(s\.r\.l\.|SPA|figli|Group)$",
            street="{street}, {n}",
            after=True,
            days=("{dd}/{mm}/{y}", MIDDLE),
        ),
        Locale(
            name="nl_NL",
            country="Netherlands",
            domain="nl",
            currency="€",
            phone="+31 {area} 555 ## ##",
            places=_places(
                "Utrecht, 351# AB, 30/Groningen, 971# KE, 50/Eindhoven, 561# DT, 40/Haarlem, 201# HM, 23/Leiden, 231# EZ, 71/"
                "Nijmegen, 651# LV, 24/Breda, 481# CR, 76/Zwolle, 801# PT, 38"
            ),
            streets=r"(straat|weg|laan|singel|plein|dreef)$",
            companies=r"( & | (NV|BV|Groep|en Zonen)$)",
            days=("{dd}-{mm}-{y}", MIDDLE),
        ),
        Locale(
            name="pl_PL",
            country="Poland",
            domain="pl",
            currency="zł",
            phone="+48 {area} 555 ## ##",
            places=_places(
                "Kraków, 31-00#, 12/Gdańsk, 80-80#, 58/Wrocław, 50-10#, 71/Poznań, 61-70#, 61/Łódź, 90-00#, 42/"
                "Lublin, 20-00#, 81/Toruń, 87-10#, 56/Katowice, 40-00#, 32"
            ),
            companies=r" (Sp\. z o\.o\.|s\.c\.|Sp\.k\.|Sp\.j\.|S\.A\.)$",
            street="ul. {street} {n}",
            after=True,
            group=" ",
        ),
        Locale(
            name="pt_BR",
            country="Brazil",
            domain="com.br",
            currency="R$",
            phone="+55 {area} 5555-0###",
            places=_places(
                "Curitiba, 8001#-000, 41/Recife, 5003#-000, 81/Florianópolis, 8801#-000, 48/Salvador, 4002#-000, 71/"
                "Campinas, 1301#-000, 19/Fortaleza, 6003#-000, 85/Goiânia, 7401#-000, 62/Belém, 6601#-000, 91"
            ),
            streets=r"^(Rua|Avenida|Travessa|Praça|Alameda|Largo) ",
            companies=r" (S\.A\.|Ltda\.|- ME|e Filhos)$",
            street="{street}, {n}",
            days=("{dd}/{mm}/{y}", MIDDLE),
        ),
        Locale(
            name="sv_SE",
            country="Sweden",
            domain="se",
            currency="kr",
            phone="+46 {area} 390 06 ##",
            places=_places(
                "Göteborg, 411 0#, 31/Malmö, 211 2#, 40/Uppsala, 753 1#, 18/Lund, 222 2#, 46/Örebro, 702 1#, 19/"
                "Västerås, 722 1#, 21/Umeå, 903 2#, 90/Kalmar, 392 3#, 480"
            ),
            after=True,
            group=" ",
            days=("{y}-{mm}-{dd}", MIDDLE),
        ),
        Locale(
            name="da_DK",
            country="Denmark",
            domain="dk",
            currency="kr",
            phone="+45 {area} 55 ## ##",
            places=_places(
                "Aarhus, 8000, 86/Odense, 5000, 66/Aalborg, 9000, 98/Esbjerg, 6700, 75/Kolding, 6000, 76/Roskilde, 4000, 46/"
                "Vejle, 7100, 79/Svendborg, 5700, 62"
            ),
            after=True,
            days=("{dd}.{mm}.{y}", MIDDLE),
        ),
    )
}
