"""Who somebody is, by what a provider or a proxy says of them."""

from dataclasses import replace
from typing import Any

import pytest

from core.jobs.people.person import person_of
from core.settings import Settings, SignIn

ADA = {
    "is_logged_in": True, "iss": "https://id.school.example", "sub": "17", "name": "Ada",
    "email": "Ada@School.example", "email_verified": True,
}  # fmt: skip


def signed_in(changes: dict[str, Any] | None = None, **settings: Any) -> Any:
    return person_of(ADA | (changes or {}), Settings(sign_in=SignIn.OIDC, **settings))


def test_somebody_is_an_issuer_and_a_subject_and_not_an_address():
    ada = signed_in()
    assert (ada.name, ada.email, ada.admin) == ("Ada", "Ada@School.example", False)
    assert signed_in({"email": "new@school.example", "name": "A. L."}).id == ada.id
    assert signed_in({"sub": "18"}).id != ada.id
    assert signed_in({"iss": "https://id.school.example1", "sub": "7"}).id != ada.id


@pytest.mark.parametrize("missing", ["iss", "sub"])
def test_claims_without_an_identity_are_nobody(missing):
    assert signed_in({missing: None}) is None


@pytest.mark.parametrize("claims", [{}, {"is_logged_in": False}, {"is_logged_in": "true"}])
def test_whoever_has_not_signed_in_is_nobody(claims):
    assert person_of(ADA | {"is_logged_in": None} | claims, Settings(sign_in=SignIn.OIDC)) is None
    assert person_of(ADA | claims, Settings()) is None


@pytest.mark.parametrize(
    ("people", "let_in"),
    [("", True), ("@school.example", True), ("ada@school.example", True), ("@chool.example", False),
     ("@other.example", False), ("a@school.example", False), ("@sub.school.example", False)],
)  # fmt: skip
def test_only_the_people_of_the_settings_are_let_in(people, let_in):
    assert (signed_in(people=people) is not None) == let_in


def test_admins_are_let_in_and_are_those_of_the_settings():
    ada = signed_in(people="@other.example", admins="boss@school.example, ADA@school.example")
    assert ada.admin
    assert not signed_in(admins="boss@school.example").admin


@pytest.mark.parametrize("said", [False, "false", None, 0])
def test_an_address_the_provider_has_not_verified_is_nobodys(said):
    assert signed_in({"email_verified": said}, people="@school.example") is None
    stranger = signed_in({"email_verified": said}, admins="ada@school.example")
    assert (stranger.email, stranger.admin) == ("", False)


def test_a_provider_that_says_nothing_of_verification_is_believed():
    silent = {name: value for name, value in ADA.items() if name != "email_verified"}
    ada: Any = person_of(silent, Settings(sign_in=SignIn.OIDC, admins="ada@school.example"))
    assert ada.admin


def test_whom_a_proxy_names_is_the_same_however_the_address_is_written():
    settings = Settings(sign_in=SignIn.HEADER, people="@school.example")
    ada: Any = person_of({"email": "Ada@School.example"}, settings)
    small: Any = person_of({"email": "ada@school.example"}, settings)
    assert ada == person_of({"email": "Ada@School.example "}, settings)
    assert ada == replace(small, name=ada.name, email=ada.email)
    assert ada.id != signed_in().id
    assert person_of({"email": None}, settings) is None
    assert person_of({"email": ""}, settings) is None


def test_names_are_cut_and_lose_what_is_no_text():
    long = signed_in({"name": "A\u202e\x00" + "b" * 999})
    assert len(long.name) <= 80
    assert "\u202e" not in long.name
    assert "\x00" not in long.name
