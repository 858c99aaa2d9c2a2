"""Tokens: whose program asks."""

import pytest
from sqlalchemy import select

from core.errors import InputRefused
from core.jobs.people.audit import Deed, entries
from core.jobs.people.person import Person
from core.jobs.people.tokens import MOST_TOKENS, PREFIX
from core.jobs.storage import schema
from core.settings import SignIn
from tests.jobs.databases import each as database_url

__all__ = ["database_url"]

ADA = Person("ada", "Ada", "ada@school.example")
EVE = Person("eve", "Eve", "eve@school.example")


@pytest.fixture
def people(settings):
    return settings.model_copy(update={"sign_in": SignIn.HEADER})


def test_a_token_stands_for_whoever_made_it_until_they_revoke_it(store, people):
    secret = store.tokens.make(ADA, "Prometheus")
    assert secret.startswith(PREFIX)
    assert store.tokens.person(secret, people) == ADA
    (token,) = store.tokens.of(ADA)
    store.tokens.revoke(EVE, token.id)
    assert store.tokens.person(secret, people) == ADA, "it is not hers"
    store.tokens.revoke(ADA, token.id)
    assert store.tokens.person(secret, people) is None
    assert store.tokens.of(ADA) == []


@pytest.mark.parametrize("secret", ["", PREFIX, f"{PREFIX}guessed", "' OR 1 = 1 --", "\ud800\0"])
def test_what_is_no_token_is_nobodys(store, people, secret):
    store.tokens.make(ADA, "Prometheus")
    assert store.tokens.person(secret, people) is None


def test_the_database_cannot_tell_a_token(store):
    secret = store.tokens.make(ADA, "Prometheus")
    with store.database.read() as connection:
        row = connection.execute(select(schema.token)).one()
    assert not any(secret.removeprefix(PREFIX) in str(value) for value in row)
    assert "secret" not in vars(store.tokens.of(ADA)[0])


def test_who_is_let_in_no_more_asks_nothing_with_a_token_either(store, people):
    secret = store.tokens.make(ADA, "Prometheus")
    shut = people.model_copy(update={"people": "@elsewhere.example"})
    assert store.tokens.person(secret, shut) is None
    found = store.tokens.person(secret, people.model_copy(update={"admins": ADA.email}))
    assert found is not None
    assert found.admin


def test_when_a_token_was_used_is_known_and_is_not_written_at_every_question(store, people, monkeypatch):
    secret = store.tokens.make(ADA, "Prometheus")
    assert store.tokens.of(ADA)[0].used is None
    moments = iter([10_000.0, 10_100.0, 13_700.0])
    monkeypatch.setattr("core.jobs.people.tokens.time.time", lambda: next(moments))
    seen = []
    for _ in range(3):
        store.tokens.person(secret, people)
        (token,) = store.tokens.of(ADA)
        assert token.used is not None
        seen.append(token.used.timestamp())
    assert seen == [10_000, 10_000, 13_700]


def test_there_is_a_limit_and_a_name_is_needed_and_plain(store):
    for place in range(MOST_TOKENS):
        store.tokens.make(ADA, f"program {place}")
    with pytest.raises(InputRefused, match=f"{MOST_TOKENS} tokens"):
        store.tokens.make(ADA, "one more")
    assert len(store.tokens.of(ADA)) == MOST_TOKENS
    assert store.tokens.make(EVE, "hers")
    for name in ("", "  ", "\u202e"):
        with pytest.raises(InputRefused, match="at least one letter"):
            store.tokens.make(EVE, name)
    store.tokens.make(EVE, "a\n\u202eb  c" + "x" * 99)
    assert [len(token.name) <= 40 for token in store.tokens.of(EVE)] == [True, True]


def test_tokens_are_in_the_audit_without_their_secret(store):
    secret = store.tokens.make(ADA, "Prometheus")
    store.tokens.revoke(ADA, store.tokens.of(ADA)[0].id)
    store.tokens.revoke(ADA, "gone")
    told = [(entry.name, entry.deed, entry.what) for entry in reversed(entries(store.database, 9))]
    assert told == [("Ada", Deed.TOKEN_MADE, ""), ("Ada", Deed.TOKEN_REVOKED, "")]
    assert secret not in str(told)
