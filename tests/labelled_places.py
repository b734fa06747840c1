"""Made-up postal addresses: names of real places and of common streets, and numbers that are drawn."""

from __future__ import annotations

import random
from collections.abc import Callable

from faker import Faker
from labelled_pools import Pool


class Places:
    """Addresses by variant: `address_us()` and so on; all draw from `chance`."""

    def __init__(self, chance: random.Random, english: Callable[[], Faker], pool: Pool) -> None:
        self.chance, self.english, self.pool = chance, english, pool

    def street(self) -> str:
        """House number and street, as in the United States."""
        name = self.chance.choice([*self.pool.streets, self.english().last_name(), self.english().last_name()])
        number = self.chance.choice([self.chance.randrange(2, 100), self.chance.randrange(100, 9999)])
        return f"{number} {name} {self.chance.choice(self.pool.suffixes)}"

    def unit(self) -> str:
        kinds = ["Apt {}", "Apt. {}B", "Suite {}", "Unit {}", "#{}", "Ste {}", "Floor {}"]
        return self.chance.choice(kinds).format(self.chance.randrange(1, 40))

    def town(self) -> str:
        """City, state and ZIP."""
        state, (prefix, *towns) = self.chance.choice(list(self.pool.states.items()))
        zip_code = prefix + f"{self.chance.randrange(1000):03d}"
        extended = f"-{self.chance.randrange(1, 10_000):04d}" if self.chance.random() < 0.15 else ""
        return f"{self.chance.choice(towns)}, {state} {zip_code}{extended}"

    def _with_unit(self) -> str:
        return self.street() + (f", {self.unit()}" if self.chance.random() < 0.4 else "")

    def address_us(self) -> str:
        return f"{self._with_unit()}, {self.town()}"

    def address_lines(self) -> str:
        return f"{self._with_unit()}\n{self.town()}"

    def address_pobox(self) -> str:
        return f"{self.chance.choice(['P.O. Box', 'PO Box'])} {self.chance.randrange(10, 9999)}, {self.town()}"

    def address_street(self) -> str:
        return self.street()

    def address_uk(self) -> str:
        city, area = self.chance.choice(list(self.pool.british.items()))
        letters = "".join(self.chance.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
        code = f"{area}{self.chance.randrange(1, 20)} {self.chance.randrange(1, 10)}{letters}"
        name = self.chance.choice([*self.pool.british_streets, self.english().last_name()])
        suffix = self.chance.choice(self.pool.british_suffixes)
        flat = f"Flat {self.chance.randrange(1, 30)}, " if self.chance.random() < 0.3 else ""
        return f"{flat}{self.chance.randrange(1, 200)} {name} {suffix}, {city} {code}"

    def address_ca(self) -> str:
        city, (province, first) = self.chance.choice(list(self.pool.canadian.items()))
        code = "".join(self.chance.choice("123456789" if place % 2 else "ABCEGHJ") for place in range(1, 6))
        return f"{self._with_unit()}, {city}, {province} {first}{code[:2]} {code[2:]}"

    def _area(self) -> tuple[str, str, str]:
        return self.chance.choice(self.pool.mainland)

    def road(self) -> str:
        number = str(self.chance.randrange(1, 999))
        if self.chance.random() < 0.1:
            number = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        return f"{self.chance.choice(self.pool.roads)}{number}号"

    def flat(self) -> str:
        """Building, entrance and flat, in one of the common ways, or nothing."""
        building, room = self.chance.randrange(1, 30), self.chance.randrange(1, 25) * 100 + self.chance.randrange(1, 5)
        estate = self.chance.choice(self.pool.estates)
        return self.chance.choice(
            [
                "",
                f"{estate}{building}栋{self.chance.randrange(1, 5)}单元{room}室",
                f"{estate}{building}号楼{room}室",
                f"{building}幢{room}室",
                f"{estate}{building}-{self.chance.randrange(1, 5)}-{room}",
            ]
        )

    def address_cn(self) -> str:
        return "".join(self._area()) + self.road() + self.flat()

    def address_city(self) -> str:
        """Without the province."""
        province, city, district = self._area()
        return (city or province) + district + self.road() + self.flat()

    def address_district(self) -> str:
        return self._area()[2] + self.road() + self.flat()

    def address_village(self) -> str:
        province, city, district = self._area()
        village = self.chance.choice(self.pool.towns) + self.chance.choice(self.pool.villages)
        return f"{province}{city}{district}{village}{self.chance.randrange(1, 12)}组{self.chance.randrange(1, 99)}号"

    def address_road(self) -> str:
        return self.road()

    def address_tw(self) -> str:
        city, districts = self.chance.choice(list(self.pool.taiwan.items()))
        alley = f"{self.chance.randrange(2, 99)}巷" if self.chance.random() < 0.3 else ""
        floor = f"{self.chance.randrange(2, 20)}樓" if self.chance.random() < 0.4 else ""
        road = self.chance.choice(districts) + self.chance.choice(self.pool.taiwan_roads)
        return f"{city}{road}{alley}{self.chance.randrange(1, 300)}號{floor}"
