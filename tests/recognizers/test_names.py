"""Persons in Latin letters: after titles, in forms, letters, mail headers and said; and what only looks like them."""

from __future__ import annotations

import pytest
from faker import Faker
from personal import found

from stages.recognizers.known_names import GIVEN, NOT_NAMES, SURNAMES, folded, is_known
from stages.recognizers.names import RULES


def names(text: str, min_score: float = 0.5) -> list[str]:
    return [value for _, value in found(text, RULES, min_score)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Full name: Xenia Quorlbrook\nPhone: 555-0100", ["Xenia Quorlbrook"]),
        ("Name: Jane Roe", ["Jane Roe"]),
        ("- **Name:** Jane Q. Roe\n", ["Jane Q. Roe"]),
        ('{"name": "Jane Roe", "age": 7}', ["Jane Roe"]),
        ("Patient: Dr. JANE ROE, born 1970", ["JANE ROE"]),
        ("Attn: Jean-Luc O'Dell Jr., Sales", ["Jean-Luc O'Dell Jr."]),
        ("Cardholder name: Vera van der Quill", ["Vera van der Quill"]),
        ("Nom : Zoé Fournier", ["Zoé Fournier"]),
        ("Ansprechpartner: Frau Jörgine Käster", ["Jörgine Käster"]),
        ("Surname: Quorlbrook\nFirst name: Jane\n", ["Quorlbrook", "Jane"]),
        ("Hello, my name is Jane and I live here. His name is John Quorl.", ["Jane", "John Quorl"]),
        ("Je m'appelle Zoé Fournier.", ["Zoé Fournier"]),
        ("See you.\n\nSincerely,\nJane Roe\n", ["Jane Roe"]),
        ("See you.\n\nBest regards,\n\nJane", ["Jane"]),
        ("Mit freundlichen Grüßen\nKenan Werner", ["Kenan Werner"]),
        ("Dear Jane Roe,\nthank you", ["Jane Roe"]),
        ('From: "Jane Roe" <jane@roe.test>\nTo: Quorl Brook <q@b.test>', ["Jane Roe", "Quorl Brook"]),
        ("Signed-off-by: Łucja Quorl <l@q.test>", ["Łucja Quorl"]),
        ("From: Jane Roe\nTo: John Doe\nSubject: x", ["Jane Roe", "John Doe"]),
        ("Full name: Jane Roe Phone: 555-0100 Contact: Sam Roe Date of birth: 1970", ["Jane Roe", "Sam Roe"]),
        ("Name: Zhang Quorl\n姓名：Jane Roe，", ["Zhang Quorl", "Jane Roe"]),
        ("Hi, I'm Jane Roe from Bonn. Please contact Dr. John Quorl at x@y.test", ["Jane Roe", "John Quorl"]),
        ("SHIP TO:\nXenia Quorlbrook\n12 Oak Street\n\nBill to:\n  Jane Quorl\n", ["Xenia Quorlbrook", "Jane Quorl"]),
        ("Patient's name: Xenia Quorl\nDefendant: Jane Roe", ["Xenia Quorl", "Jane Roe"]),
        ("Witness: Xenia Quorl\n| Contact person | Jane Roe |", ["Xenia Quorl", "Jane Roe"]),
        ("<tr><th>Patient</th>\n<td>Xenia Quorl</td></tr>", ["Xenia Quorl"]),
        ("Name: Yusuf al-Khatib\nFull name: Omar El-Masri\n", ["Yusuf al-Khatib", "Omar El-Masri"]),
        ("Patient: Giulia d'Amico", ["Giulia d'Amico"]),
        ("To: Jane Roe, John Doe\n", ["Jane Roe", "John Doe"]),
        ("ФИО: Иванов Иван", ["Иванов Иван"]),
        ("姓名不详。Full name: Jane Roe，电话", ["Jane Roe"]),
        ("ชื่อ Full name: Jane Roe\nชื่อ", ["Jane Roe"]),
    ],
)  # fmt: skip
def test_what_is_found(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See you.\n\n-- \nXenia Quorl\nAcme", ["Xenia Quorl"]),
        ("See you.\n--\nJane Quorl\n", ["Jane Quorl"]),
        ('Cc: "Quorl, Xenia" <x@q.test>, Jane Roe <j@r.test>', ["Quorl, Xenia", "Jane Roe"]),
        ("To: Roe, John <jr@q.test>", ["Roe, John"]),
        ("Authors: Xenia Quorl <x@q.test>,\n        Łucja Roe <l@q.test>", ["Xenia Quorl", "Łucja Roe"]),
        ("On Mon, Jan 3, 2022 at 10:00 AM, Xenia Quorl wrote:\n> hi", ["Xenia Quorl"]),
        ("Author: Xenia L. Quorl, Jr. <x@q.test>", ["Xenia L. Quorl, Jr."]),
        ("On 3 Jan 2022, at 10:00, Xenia Quorl <x@q.test> wrote:", ["Xenia Quorl"]),
        ("他说\nJane Quorl wrote:\n> 你好", ["Jane Quorl"]),
        ("Best regards,\nXiuying", ["Xiuying"]),
        ("Many thanks,\nOluchi\n", ["Oluchi"]),
        ("Cheers,\nOluchi\n\nSent from my phone", ["Oluchi"]),
        ("I am late.\nThanks, Jane\n", ["Jane"]),
        ("See --\nJane, and the code -- \nJane Roe", []),
        ("-- \nBuild Path\n--\nQadrina Quorl\n", []),
        ('"Build, Test" <x@q.test> and "Jane, or" <x@q.test>, Jane Quorl wrote it. it wrote: Jane Roe', []),
        ("Thanks,\nXiuying is here", []),
        ("I said thanks, Jane\n", []),
    ],
)
def test_letters_and_mails(text, expected):
    assert names(text) == expected


def test_only_what_is_a_title_makes_a_name():
    text = "MS Word, MS Jones, DR Congo, TL;DR Version, MR JOHN ROE, MS. Roe, Mr. al-Khatib"
    assert names(text, 0.4) == ["JOHN ROE", "Roe", "al-Khatib"]


def test_words_of_journals_programs_and_offices_are_no_titles():
    text = (
        "Nat Rev Immunol, Phys. Rev. Lett. 86, Rev. Jane Roe; Cache Miss OPS, Miss Branch, Miss Bell; HLA-DR. CD4, 张 "
        "Beer Judge Criteria, Lord Chancellor, Judge Roe"
    )
    assert names(text, 0.4) == ["Jane Roe", "Bell", "Roe"]


def test_words_that_are_also_names_stand_for_them_behind_other_names():
    text = "Bill to: Jane Steel\nAttn: Loan Nguyen\n联系 Ship to: Jane Blue\nMy name is JANE. Attention: Jane Roe\n"
    assert names(text) == ["Jane Steel", "Loan Nguyen", "Jane Blue", "JANE", "Jane Roe"]


def test_a_name_ends_before_a_script_without_spaces():
    assert names("Dr. Helen學習聲樂，Mr. Roeと、Ms. Jane Roeสวัสดี", 0.4) == ["Helen", "Roe", "Jane Roe"]


@pytest.mark.parametrize(
    "text",
    [
        "name: str\n  name: Build and Test\nname: GitHub Actions\n- name: Set Up Python\nName: string, required",
        '"name": "Default Namespace", name=Jane Roe, Name: Jane, Name: jane roe',
        "Name: Acme Widgets Inc\nCustomer: Deutsche Werke GmbH\nContact: Customer Support",
        "Attention: This Is Important. Patient: Please Wait\nRecipient: Unknown User",
        "Full name: John",
        "the name is required, my name is not here, this name is Max Int",
        "as regards\nJane Roe, save for sea shells. Thanks! Jane Roe, John Doe and others",
        "Thanks,\nEveryone\n\nBest,\nPractices\n",
        "Customer Support <help@acme.test> support <x@y.test> Jane <jane@roe.test>",
        "Hello World, Dear Customer, Hi All,",
        "# @Author: Jane Roe <silent>\n# @Date: 2019",
        "<EMAIL> <PERSON> Name: <PERSON>",
        "I am Happy Today, I'm Jane, this is John Deere equipment, contact Support Team at x@y.test",
        "Attn: Accounts Payable\nATTN: LOAN SERVICING\nAttn: Human Resources, Attention: Claims Processing\n收件人：",
        "Ship to:\nAcme Widgets\n12 Oak Street\n\nBill to: Blue Horizon\nShip to: Tailspin Toys\nDeliver to: Loading Dock",
        "Employee: Terms Apply\nDriver: Quorl Xelvox\nSincerely,\nYours Truly\n\nRegards,\nHuman Resources\n",
        "Capital\nname: Charlotte Amalie\ncoordinates: 18 N\n首都 {'name': 'Victoria Roe', 'population': 9}",
        "my name is RUBY",
        "Nom : Nouveau Fichier\nNombre: Archivo Nuevo\n姓名：\nKontoinhaber: Stadtwerke Bonn\nName: Neuer Ordner\nTelefon: 1",
        "Last Name: VARCHAR\nFont family name: Helvetica\nPatient: Chief Complaint\nSigned by: Digital Signature\n",
        "Weekly Digest <a@roe.test>\n张伟 Tokio Contributors <b@roe.test>, Name: Burger King\nPhone: 1",
        "Thanks,\nMods\n\nSincerely,\nConcerned Citizen\n\nCheers,\nAnyone\n",
        "",
        "Name:",
        "Name: ",
    ],
)
def test_what_only_looks_like_a_name(text):
    assert names(text) == []


def test_titles_are_weak_and_no_part_of_the_name():
    text = (
        "Mr. Darcy met Mrs. van Dorn, Prof. Dr. Jane Roe and Señor López; Dr. Pepper, Mr. President, Dr. who, sir Jane."
    )
    assert names(text, 0.4) == ["Darcy", "van Dorn", "Jane Roe", "López"]
    assert names(text) == []


def test_possessives_and_stops_end_a_name():
    assert names("Mr. Smith's dog. Mrs. Roe. She", 0.4) == ["Smith", "Roe"]


@pytest.mark.parametrize("locale", ["en_US", "en_GB", "fr_FR"])
def test_almost_all_names_of_faker_are_found_in_a_form_and_a_letter(locale):
    fake = Faker(locale)
    fake.seed_instance(8)
    values = [f"{fake.first_name()} {fake.last_name()}" for _ in range(100)]
    for form in ("Full name: {}\nCity: Bonn", "I remain yours.\n\nSincerely,\n{}\n"):
        assert sum(value in names(form.format(value)) for value in values) >= 95, form


def test_the_lists_are_in_the_form_that_they_are_looked_up_in():
    for word in GIVEN | SURNAMES | NOT_NAMES:
        assert folded(word) == word
    assert not (GIVEN | SURNAMES) & NOT_NAMES
    assert folded("O'Éllery-Ñuñez") == "oellery-nunez"
    assert is_known(["Zoë", "Xyz"]) and is_known(["Xyz", "Smith-Xyz"]) and not is_known(["Xyz", "Build"])
