"""Invented people of an invented district. The same seed gives the same people."""

import random
from dataclasses import dataclass
from datetime import date

_GIVEN = (
    "Ada Amir Ana Anders Asha Bao Bea Benno Caio Carmen Chidi Clara Dalia Dario Devi Duc Elif Emil Esra Ezra Farid Fay "
    "Gia Gil Hana Hugo Ibo Ilse Imani Ines Iris Jae Jana Joao Jomo Juno Kaia Kofi Lan Leif Lena Lian Lola Mai Malik "
    "Mara Mateo Mika Milo Mira Nadia Nico Nia Noa Noor Omar Ona Oren Paz Pia Quinn Rafi Rana Remy Rosa Sami Sana Selma "
    "Seth Siri Sofia Tariq Tess Thea Tian Tomas Uma Vera Vito Wen Xiomara Yara Yusuf Zara Zeki Zoe"
)
_FAMILY = (
    "Abara Adler Aguirre Akintola Alder Almond Amsel Banerjee Barros Basalt Bello Birch Borges Brook Calder Castellano "
    "Chau Cobalt Dahl Diallo Dube Elm Espino Falk Farouk Feld Fuente Gallo Garnet Ghosh Glen Haddad Hale Hazel Herrera "
    "Holm Ibsen Iyer Jasper Juarez Kaplan Kessler Khoury Kimura Lark Linde Lopez Lund Ma Marsh Mendel Moss Nakata Ngo "
    "Noll Nunez Oakes Okafor Ortega Osei Palma Park Pereira Pham Quill Quiroz Ramos Reed Rios Roe Rossi Saleh Sand "
    "Silva Singh Sorrel Stone Tamm Tran Ueda Vega Voss Wren Xu Yoder Zamora Ziegler"
)
GIVEN, FAMILY = _GIVEN.split(), _FAMILY.split()
STREETS = (
    "Alder",
    "Basin",
    "Cedar",
    "Dune",
    "Ember",
    "Fern",
    "Grove",
    "Harbor",
    "Island",
    "Juniper",
    "Kelp",
    "Lake",
)
SCHOOLS = ("Lakeside Elementary", "Harbor Middle School", "Cedar Ridge High School")
GRADES = 13
LANGUAGES = ("en",) * 12 + ("es",) * 5 + ("vi", "ar", "zh-Hans")


@dataclass(frozen=True, slots=True)
class Child:
    """A student of the sample district, with the parent who would sign."""

    number: int
    given: str
    family: str
    birth_date: date
    grade: str
    school: int
    """Index into `SCHOOLS`."""
    language: str
    parent_given: str
    parent_email: str | None
    address: tuple[str, str, str, str]

    @property
    def grade_number(self) -> int:
        """0 is kindergarten."""
        return self.number % GRADES

    @property
    def adult_on(self) -> date:
        """The eighteenth birthday."""
        day = 28 if (self.birth_date.month, self.birth_date.day) == (2, 29) else self.birth_date.day
        return self.birth_date.replace(year=self.birth_date.year + 18, day=day)


def children(seed: int, how_many: int, school_year: int) -> list[Child]:
    """Students of grades kindergarten to 12 in the school year that begins in ``school_year``."""
    chance = random.Random(seed)
    made: list[Child] = []
    for number in range(how_many):
        grade = number % GRADES
        born = date(school_year - 5 - grade, 9, 1).toordinal() - chance.randrange(365)
        family = chance.choice(FAMILY)
        parent = chance.choice(GIVEN)
        has_email = chance.random() < 0.85
        made.append(
            Child(
                number=number, given=chance.choice(GIVEN), family=family, birth_date=date.fromordinal(born),
                grade="kindergarten" if grade == 0 else f"grade_{grade}", school=0 if grade <= 5 else 1 if grade <= 8 else 2,
                language=chance.choice(LANGUAGES), parent_given=parent,
                parent_email=f"{parent}.{family}.{number}@family.example".lower() if has_email else None,
                address=(f"{chance.randrange(1, 400)} {chance.choice(STREETS)} Street", "Lakeside", "TX", "75000"),
            )
        )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class Colleague:
    """A staff member of the sample district; ``school`` is empty for the district's own."""

    key: str
    given: str
    family: str
    role: str
    school: int | None


def colleagues(seed: int) -> list[Colleague]:
    """Everybody an IEP team of any of the three schools needs, and the district's office."""
    chance = random.Random(seed + 1)
    roles = [
        "principal", "case_manager", "special_education_teacher", "regular_education_teacher", "school_psychologist",
        "speech_language_pathologist", "occupational_therapist", "school_nurse", "counselor",
        "test_coordinator", "bus_driver",
    ]  # fmt: skip
    made = [
        Colleague(f"{role}-{school}", chance.choice(GIVEN), chance.choice(FAMILY), role, school)
        for school in range(len(SCHOOLS))
        for role in roles
    ]
    office = [
        "special_education_director",
        "compliance_officer",
        "section_504_coordinator",
        "records_officer",
    ]
    return made + [
        Colleague(role, chance.choice(GIVEN), chance.choice(FAMILY), role, None) for role in office
    ]
