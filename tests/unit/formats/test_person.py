import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import MEANINGS, PolicyError
from tocsin.formats import categories, person
from tocsin.formats.extension import ID
from tocsin.formats.stix.check import check
from tocsin.testing import persons

AT = 1_767_225_600_000_000  # 2026-01-01
DAY = 86_400_000_000
VECTORS = Path(__file__).parents[2] / "vectors" / "persons"


def about(kind="identity", **properties):
    return person.about({"type": kind, "id": f"{kind}--1", "name": "x", **properties})


# -- what is about a person


@pytest.mark.parametrize(
    "said",
    ["individual", "Individual", "INDIVIDUAL ", "indi\u200bvidual", "ｉndividual", "person", "xyz", "іndividual"],
)
def test_an_identity_is_a_person_unless_it_says_a_known_class_of_another_kind(said):
    assert about(identity_class=said) == "identity"


@pytest.mark.parametrize("said", ["group", "organization", "Organization ", "system", "class"])
def test_organisations_and_groups_are_no_persons(said):
    assert about(identity_class=said, contact_information="soc@example.org", roles=["CERT"]) == ""


def test_an_identity_that_does_not_say_what_it_is_is_a_person_when_something_tells():
    assert about() == ""
    assert about(identity_class="unknown") == ""
    assert about(contact_information="+212 5 55") == "identity"
    assert about(identity_class="unspecified", roles=["courier"]) == "identity"
    assert about(x_opencti_type="Individual") == "actor"


@pytest.mark.parametrize(
    "name",
    [
        "given_name", "x_opencti_firstname", "x_opencti_lastname", "GivenName", "given-name", "x_date_of_birth",
        "passport_number", "x_misp_passport", "national_id", "ssn", "x_gender", "nationality", "surname", "prenom",
        "x_apellidos", "фамилия", "full_name", "driving_licence_no", "home_address", "x_f\u200birstname",
    ],
)  # fmt: skip
def test_a_property_that_only_persons_have_tells(name):
    assert about("identity", identity_class="organization", **{name: "x"}) == "property"
    assert about("indicator", extensions={"extension-definition--x": {"deep": [{"list": {name: 1}}]}}) == "property"


@pytest.mark.parametrize("name", ["x_mitre_platforms", "x_session", "x_opencti_score", "person_hours_lost", "gendered"])
def test_other_properties_do_not(name):
    assert about("tool", **{name: "x"}) == ""


def test_no_property_name_of_the_standard_tells():
    from tocsin.formats.stix.catalogue import vocabulary

    assert [name for name in vocabulary() if person._is_telling(name)] == []


def test_accounts_addresses_documents_actors():
    assert about("user-account", user_id="nobody") == "account"
    assert about("user-account", is_service_account=True, user_id="backup") == ""
    assert about("user-account", is_service_account=True, display_name="Nobody") == "account"
    assert about("user-account", is_service_account="true") == "account"
    assert about("email-addr", value="phish@mail.example", display_name="Your bank") == ""
    assert about("email-addr", value="nobody@mail.example", belongs_to_ref="user-account--1") == "address"
    assert about("email-addr", value="nobody@mail.example", x_personal=True) == "property"
    assert about("x-passport") == about("identity-document") == about("x-phone-number") == "document"
    assert about("x-personal-computer") == about("x-impersonation") == ""
    assert about("threat-actor") == about("threat-actor", resource_level="organization") == ""
    assert about("threat-actor", resource_level="individual") == "actor"
    assert about("threat-actor", x_opencti_type="Threat-Actor-Individual") == "actor"
    assert about("location", country="MA", city="Rabat", street_address="1 Port Road") == ""


def test_a_pattern_on_accounts_is_about_an_account():
    assert about("indicator", pattern="[user-account:display_name = 'Nobody']") == "account"
    assert about("indicator", pattern="[email-addr:value = 'phish@mail.example']") == ""


def test_a_person_hidden_in_another_object_is_found():
    inside = {"0": {"type": "user-account", "user_id": "x"}, "1": {"type": "file", "name": "y"}}
    assert about("observed-data", objects=inside) == "account"
    hidden = {"type": "identity", "identity_class": "individual"}
    assert about("note", extensions={"extension-definition--x": {"a": [{"b": hidden}]}}) == "identity"
    assert about("malware", x_objects=[[[hidden]]]) == "identity"


def test_whoever_declares_a_person_is_taken_at_their_word():
    assert about("tool", extensions={ID["person"]: {}}) == "declared"


def test_our_own_statements_are_not_about_persons():
    for name in ("warning", "answer", "escalation", "confirmation", "feedback", "objection"):
        assert about("note", extensions={ID[name]: {"extension_type": "property-extension"}}) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["identity", "user-account", "indicator", "x-thing"]), st.text(max_size=9))
def test_the_question_is_total_and_a_person_inside_is_found_whatever_lies_around(value, kind, name):
    assert isinstance(person.about({"type": kind, "extensions": value, "other": value}), str)
    assert person.about({"type": "tool", "a": [value, {"type": "x", name: {"type": "user-account"}}]}) != ""


# -- what it must say


def declared(said, kind="identity", **properties):
    return person.declared(persons.thing(1, kind, said, **properties), AT)


@pytest.mark.parametrize("kind", persons.KINDS)
def test_a_whole_extension_is_read(kind):
    value = persons.thing(1, kind)
    assert check(persons.encode(value)).id == value["id"]
    said = person.declared(value, AT)
    assert said[:6] == ("investigation", "Act 12 of 2019, section 4", "suspect", "B", 2, "assessment")
    assert said[6:] == (AT + 152 * DAY, said.neutrality, "case-officer", "legal-desk", "")


@pytest.mark.slow
def test_of_a_thousand_with_one_field_missing_or_wrong_none_is_taken():
    codes = set()
    for code, value in persons.broken(1000, 1):
        with pytest.raises(PolicyError) as caught:
            person.declared(value, AT)
        assert caught.value.code == code
        codes.add(code)
    assert codes <= MEANINGS.keys()
    assert len(codes) == 11


def test_no_extension_is_refused_in_whatever_form():
    for extensions in ({}, None, {ID["person"]: "x"}, {ID["warning"]: persons.extension()}):
        with pytest.raises(PolicyError) as caught:
            person.declared({"type": "identity", "extensions": extensions}, AT)
        assert caught.value.code == "person.undeclared"


@pytest.mark.parametrize(("day", "good"), [("2026-01-01", True), ("2027-01-02", True), ("2027-01-03", False)])
def test_the_review_is_within_a_year(day, good):
    said = persons.extension(review_date=day)
    if good:
        assert declared(said).review_us % DAY == 0
        return
    with pytest.raises(PolicyError, match=r"person\.review-date"):
        declared(said)


def test_the_year_is_that_of_the_object_and_that_of_its_sending():
    said = persons.extension(review_date="2027-03-01")
    with pytest.raises(PolicyError):
        declared(said, modified="2026-03-01T00:00:00.000Z")  # sent on 1 January
    value = persons.thing(1, "identity", said, modified="2026-03-01T00:00:00.000Z")
    assert person.declared(value, AT + 60 * DAY)
    with pytest.raises(PolicyError):
        person.declared(value, AT + 500 * DAY)  # it has passed
    with pytest.raises(PolicyError):
        person.declared(persons.thing(1, "identity", said), AT + 100 * DAY)  # the object is too old


def test_the_header_must_fit():
    said = declared(None)
    assert person.fits(said, 2, AT, said.review_us) is None
    assert person.fits(said, 1, AT, said.review_us) == "person.marking"
    assert person.fits(said, 0, AT, said.review_us) == "person.marking"
    for until in (0, said.review_us + 1):
        assert person.fits(said, 2, AT, until) == "person.keep-until"


# -- special categories


def labelled():
    return [json.loads(line) for line in (VECTORS / "special-categories.jsonl").read_text("utf-8").splitlines()]


def test_what_the_screen_finds_of_the_labelled_set_is_what_the_documentation_says(record_property):
    told = {}
    for one in labelled():
        found = categories.screen([one["text"]])
        hits, of, false, clean = told.get(one["language"], (0, 0, 0, 0))
        if one["category"]:
            told[one["language"]] = (hits + (one["category"] in found), of + 1, false, clean)
        else:
            told[one["language"]] = (hits, of, false + bool(found), clean + 1)
    record_property("recall", json.dumps(told))
    print("special categories: found, of, false alarms, of:", told)
    page = (Path(__file__).parents[3] / "docs" / "persons.md").read_text("utf-8")
    for language, (hits, of, false, clean) in told.items():
        assert f"| {language} | {hits} of {of} | {false} of {clean} |" in page


def test_words_are_found_whatever_their_dress():
    assert categories.screen(["HOMO\u200bSEXUAL"]) == ("sexual-life",)
    assert categories.screen(["ＭＵＳＬＩＭ"]) == ("religion",)
    assert categories.screen(["مُسْلِم"]) == ("religion",)
    assert categories.screen(["trade\n  union"]) == ("trade-union",)
    assert categories.screen(["union station", "first name Christian", "race condition"]) == ("ethnicity",)
    assert categories.screen([]) == ()


def test_the_screen_reads_every_text_of_the_object_but_the_statement_of_neutrality():
    value = persons.thing(1, description="plain", x_note=["a Buddhist"], labels=["fine"])
    assert "a Buddhist" in list(person.texts(value))
    assert "Looked at for political, military, religious and racial matter: none." not in list(person.texts(value))
    assert categories.screen(person.texts({"x_religion": 1})) == ("religion",)
    assert categories.screen(person.texts(persons.thing(1))) == ()
