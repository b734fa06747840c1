"""Names that surrogates are made of: frequent ones, so that none of them tells of a person."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN = _words(
    "Alice Anna Arthur Astrid Ben Bruno Carla Carmen Clara Daniel David Diana Edith Elena Emil Emma Erik Eva Felix"
    " Flora Frank George Greta Hannah Helen Henry Hugo Ida Irene Iris Jacob James Janet Joan John Julia Karen Karl"
    " Kevin Laura Leon Leo Linda Lisa Louis Lucas Lucy Magda Marco Maria Mark Martha Mary Max Mia Mila Nadia"
    " Nils Nina Nora Oliver Olga Oscar Otto Paul Paula Peter Philip Rita Robert Rosa Ruth Sam Sara Simon Sofia"
    " Stella Susan Theo Thomas Tim Tina Tom Vera Victor Walter"
)
FAMILY = _words(
    "Adler Baker Barnes Becker Bell Bennett Berg Bishop Brooks Brown Burton Carter Clark Cole Collins Cook Cooper"
    " Costa Cox Cruz Davis Dixon Duran Ellis Evans Fischer Fisher Ford Foster Garcia Gibson Graham Grant Gray Green"
    " Hall Hansen Harper Harris Hill Holm Howard Hughes Hunter Jensen Jones Keller Kelly Klein Lang Larsen Lewis"
    " Lopez Lund Martin Mason Meyer Miller Moore Morgan Moreno Morris Nelson Nilsson Novak Olsen Ortiz Palmer Parker"
    " Perez Porter Price Reed Reyes Richter Rivera Rogers Romero Rossi Russo Schmidt Scott Shaw Silva Smith Stone"
    " Taylor Torres Turner Vargas Vogel Walker Ward Watson Weber White Winter Wolf Wood Young"
)
PLACES = _words(
    "Alder Amber Apple Ash Aspen Autumn Bay Beech Birch Bluff Bridge Brook Canal Canyon Castle Cedar Cherry"
    " Chestnut Clover Coral Cotton Crystal Dale Dawn Eagle Elm Falcon Fern Field Forest Fountain Garden Glen Grove"
    " Harbor Hazel Heron Hickory Holly Ivy Juniper Lake Laurel Lilac Linden Lotus Maple Meadow Mill Oak Olive"
    " Orchard Pearl Pine Poplar Quarry Ridge River Robin Rose Sage Silver Spring Spruce Summer Sunset Swan Thistle"
    " Timber Tulip Valley Violet Walnut Willow"
)
CHINESE_FAMILY = "王李徐朱高林何郭梁曹田白石江方金姜史毛余崔丁沈任姚唐段雷武孟康易文安施牛洪"
CHINESE_GIVEN = "明文安平永志青林山石海江河月星雪梅竹松柏春秋冬晨光正和元吉思雨佳欣怡子宇天一若心如玉可君"
"""All of them the same in simplified and traditional characters."""
CHINESE_FAMILY_OF_TWO = _words("上官 司徒 夏侯 皇甫 慕容 令狐 宇文 端木")
TITLES = frozenset(_words(
    "mr mrs ms miss mx dr prof professor rev sir dame lord lady hon capt col gen lt sgt herr frau fräulein señor"
    " señora señorita sr sra monsieur madame mademoiselle mme m signor signora dott"
))  # fmt: skip
PARTICLES = frozenset(
    _words("van von der den de del della di da do dos du la le las los el al bin ibn bint ben ter ten zu y e")
)
STREETS = frozenset(_words(
    "street st avenue ave road rd boulevard blvd lane ln drive dr court ct way place pl square sq terrace ter parkway"
    " pkwy highway hwy circle cir close crescent mews row walk alley trail trl plaza loop pike route rte straße strasse"
    " str weg platz allee gasse rue quai impasse chemin calle avenida via piazza"
))  # fmt: skip
UNITS = frozenset(_words(
    "apt apartment suite ste unit floor fl room rm building bldg block box flat studio lot po highway hwy route rte"
))  # fmt: skip
"""Words before or behind a number."""
ALWAYS = frozenset(_words("bis cedex no nr p o n s e w ne nw se sw"))
COUNTRIES = frozenset((
    "usa", "us", "u s a", "united states", "uk", "united kingdom", "canada", "england", "scotland", "wales", "ireland",
    "germany", "deutschland", "france", "australia",
))  # fmt: skip
STATES = frozenset((
    *_words(
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois"
        " indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri"
        " montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington"
        " wisconsin wyoming ontario quebec québec alberta manitoba saskatchewan"
        " al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh"
        " ok or pa ri sc sd tn tx ut vt va wa wv wi wy ab bc mb nb nl ns nt nu on pe qc sk yt nsw vic qld tas act"
    ),
    "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "rhode island",
    "south carolina", "south dakota", "west virginia", "british columbia", "nova scotia",
))  # fmt: skip
"""Of the United States, Canada and Australia, with their codes."""
STREET_ENDS = ("strasse", "straße", "platz", "allee", "gasse", "weg", "ring", "damm", "ufer")
