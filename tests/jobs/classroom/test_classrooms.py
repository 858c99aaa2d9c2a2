"""Classes in the database: who may do what, and what is left when they end."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.errors import InputRefused
from core.jobs.classroom import classrooms as classrooms_module
from core.jobs.classroom.classrooms import MOST_MEMBERS, OWN_SECONDS, remove_ended
from core.jobs.classroom.codes import ALPHABET, MOST_MISSES, Misses, tidy
from core.jobs.classroom.pseudonyms import PSEUDONYMS
from core.jobs.classroom.records import Progress, Step
from core.jobs.secret import fingerprint
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from tests.jobs.conftest import fake_spec
from tests.jobs.fake import QUICK

LESSONS = ("scaling", "learning-rate")
HERE = "10.0.0.7"


def opened(store: Store, seconds: float = 3600) -> tuple[str, str]:
    """Open a class: (teacher's key, code)."""
    key = store.classrooms.open(LESSONS, seconds)
    return key, store.classrooms.conducted_with(key).code


def joined(store: Store, code: str) -> tuple[str, str]:
    """Join a class: (secret, id)."""
    secret = store.classrooms.join(code, HERE)
    return secret, store.classrooms.of_member(secret)[1].id


def rows(store: Store) -> dict[str, int]:
    tables = ("classroom", "member", "progress", "experiment", "run")
    with store.database.read() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(schema.metadata.tables[name])) or 0
            for name in tables
        }


def expire(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(schema.classroom).values(expires=0.0))


def test_a_code_is_short_readable_and_nobody_elses(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr(classrooms_module, "new_code", lambda: next(codes))
    assert [opened(store)[1], opened(store)[1]] == ["AAAAAA", "BBBBBB"]
    assert len(ALPHABET) == 32
    assert not set("01OI") & set(ALPHABET)


@pytest.mark.parametrize("typed", ["abc234", " ABC 234", "abc-234", "a b c 2 3 4"])
def test_a_code_is_understood_as_people_type_it(typed: str) -> None:
    assert tidy(typed) == "ABC234"


@pytest.mark.parametrize("typed", ["", "ABC23", "ABC2345", "АВС234", "'; DROP TABLE member; --", "A" * 100_000])
def test_what_is_no_code_joins_nothing(store: Store, typed: str) -> None:
    opened(store)
    with pytest.raises(InputRefused, match="no class with this code"):
        store.classrooms.join(typed, HERE)
    assert rows(store)["member"] == 0


def test_a_member_gets_a_name_nobody_else_has_and_may_change_it(store: Store) -> None:
    _, code = opened(store)
    secrets = [joined(store, code)[0] for _ in range(20)]
    names = [store.classrooms.of_member(secret)[1].name for secret in secrets]
    assert len(set(names)) == 20
    assert set(names) <= set(PSEUDONYMS["en"])
    store.classrooms.rename(secrets[0], "Ada")
    assert [store.classrooms.of_member(secret)[1].name for secret in secrets] == ["Ada", *names[1:]]


def test_a_member_gets_a_name_in_their_language_and_an_english_one_where_there_is_none(store: Store) -> None:
    _, code = opened(store)
    names = [
        store.classrooms.of_member(store.classrooms.join(code, HERE, language))[1].name for language in ("de", "xx")
    ]
    assert names[0] in PSEUDONYMS["de"]
    assert names[1] in PSEUDONYMS["en"]


@pytest.mark.parametrize("names", PSEUDONYMS.values())
def test_pseudonyms_are_many_and_differ(names: tuple[str, ...]) -> None:
    assert len(set(names)) == len(names) > 1000
    assert max(map(len, names)) <= 30


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("x" * 200, "x" * 30), ("a\n\u202eb\x00c", "abc"), ("  two   words ", "two words"), ("<b>:smile:", "<b>:smile:")],
)
def test_a_name_is_one_short_line_of_text(store: Store, typed: str, kept: str) -> None:
    _, code = opened(store)
    secret, _ = joined(store, code)
    store.classrooms.rename(secret, typed)
    assert store.classrooms.of_member(secret)[1].name == kept


def test_nobody_is_called_nothing(store: Store) -> None:
    secret, _ = joined(store, opened(store)[1])
    before = store.classrooms.of_member(secret)[1].name
    with pytest.raises(InputRefused, match="Name"):
        store.classrooms.rename(secret, " \u200b\n")
    assert store.classrooms.of_member(secret)[1].name == before


def test_progress_counts_attempts_and_never_forgets_a_solution(store: Store) -> None:
    secret, _ = joined(store, opened(store)[1])
    record = store.classrooms.record
    record(secret, Progress("scaling", Step.RUNNING, guess=1, runs="a"))
    record(secret, Progress("scaling", Step.TRIED, guess=1, runs="a", attempt="b"))
    record(secret, Progress("scaling", Step.TRIED, guess=1, runs="a", attempt="b"))
    record(secret, Progress("scaling", Step.SOLVED, guess=1, runs="a", attempt="c", solved=True))
    record(secret, Progress("scaling"), anew=True)
    known = store.classrooms.of_member(secret)[1].progress
    assert (known["scaling"].attempts, known["scaling"].solved) == (2, True)
    assert (known["scaling"].step, known["scaling"].guess) == (Step.QUESTION, None)
    assert set(known) == {"scaling"}


def test_who_opens_a_lesson_again_has_come_as_far_as_before(store: Store) -> None:
    secret, _ = joined(store, opened(store)[1])
    far = Progress("scaling", Step.REPAIRED, guess=1, runs="a", repair="b")
    before = store.classrooms.record(secret, far)
    after = store.classrooms.record(secret, Progress("scaling"))
    assert replace(after, active=before.active) == before
    assert after.active > before.active
    begun = store.classrooms.record(secret, Progress("scaling"), anew=True)
    assert (begun.step, begun.guess, begun.runs, begun.repair) == (Step.QUESTION, None, None, None)


def test_one_class_does_not_see_another(store: Store) -> None:
    (first, code), (second, other_code) = opened(store), opened(store)
    secret, identity = joined(store, code)
    other, _ = joined(store, other_code)
    store.classrooms.record(secret, Progress("scaling", Step.RUNNING, guess=0))
    room = store.classrooms.conducted_with(second)
    assert [member.progress for member in store.classrooms.members(room.id)] == [{}]
    assert store.classrooms.of_member(other)[1].progress == {}
    store.classrooms.dismiss(second, identity)
    mine = store.classrooms.conducted_with(first)
    assert [member.id for member in store.classrooms.members(mine.id)] == [identity]


@pytest.mark.parametrize("what", ["secret", "id", "code", "hash"])
def test_only_the_teachers_key_conducts_a_class(store: Store, what: str) -> None:
    key, code = opened(store)
    secret, identity = joined(store, code)
    wrong = {"secret": secret, "id": identity, "code": code, "hash": fingerprint(key)}[what]
    acts: list[Any] = [
        lambda: store.classrooms.conducted_with(wrong),
        lambda: store.classrooms.hold(wrong, LESSONS),
        lambda: store.classrooms.dismiss(wrong, identity),
        lambda: store.classrooms.end(wrong),
    ]
    for act in acts:
        with pytest.raises(InputRefused):
            act()
    room = store.classrooms.conducted_with(key)
    assert room.held == frozenset()
    assert len(store.classrooms.members(room.id)) == 1


def test_neither_key_nor_secret_is_in_the_database(store: Store) -> None:
    key, code = opened(store)
    secret, _ = joined(store, code)
    with store.database.read() as connection:
        kept = [tuple(row) for table in (schema.classroom, schema.member) for row in connection.execute(select(table))]
    assert code in str(kept)
    assert key not in str(kept)
    assert secret not in str(kept)


def test_answers_are_held_for_lessons_of_the_class_alone(store: Store) -> None:
    key, _ = opened(store)
    store.classrooms.hold(key, ["scaling", "nothing"])
    assert store.classrooms.conducted_with(key).held == {"scaling"}
    store.classrooms.hold(key, [])
    assert store.classrooms.conducted_with(key).held == frozenset()


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_nothing_of_a_class_outlives_it(store: Store, how: str) -> None:
    key, code = opened(store)
    secret, identity = joined(store, code)
    store.classrooms.record(secret, Progress("scaling", Step.RUNNING, guess=0))
    mine = store.submit(fake_spec(QUICK), owner=identity)
    public = store.submit(fake_spec(QUICK))
    if how == "ended":
        store.classrooms.end(key)
    else:
        expire(store)
        remove_ended(store.database)
    assert rows(store) == {"classroom": 0, "member": 0, "progress": 0, "experiment": 1, "run": 1}
    assert store.experiment(public)
    with pytest.raises(InputRefused):
        store.experiment(mine)


def test_what_a_tab_ran_for_itself_is_gone_after_a_month_and_nothing_else(store: Store) -> None:
    _, code = opened(store)
    owners = ["tab", None, joined(store, code)[1], "unfinished", "new"]
    ids = [store.submit(fake_spec(QUICK), owner=owner) for owner in owners]
    with store.database.write() as connection:
        ended = schema.run.c.experiment != ids[3]
        connection.execute(update(schema.run).where(ended).values(state=State.DONE))
        old = schema.experiment.c.id != ids[4]
        connection.execute(
            update(schema.experiment).where(old).values(created=schema.experiment.c.created - OWN_SECONDS - 1)
        )
    remove_ended(store.database)
    assert {summary.id for summary in store.experiments()} == set(ids[1:])


def test_an_expired_class_is_over_before_it_is_removed(store: Store) -> None:
    key, code = opened(store)
    secret, _ = joined(store, code)
    expire(store)
    for act in (
        lambda: store.classrooms.conducted_with(key),
        lambda: store.classrooms.called(code, HERE),
        lambda: store.classrooms.of_member(secret),
    ):
        with pytest.raises(InputRefused):
            act()
    other, _ = opened(store)
    assert rows(store)["classroom"] == 1
    assert store.classrooms.conducted_with(other)


def test_a_class_that_is_open_is_not_removed(store: Store) -> None:
    key, _ = opened(store)
    remove_ended(store.database)
    assert store.classrooms.conducted_with(key)


def test_a_member_who_was_removed_can_do_nothing(store: Store) -> None:
    key, code = opened(store)
    secret, identity = joined(store, code)
    mine = store.submit(fake_spec(QUICK), owner=identity)
    store.classrooms.dismiss(key, identity)
    for act in (
        lambda: store.classrooms.of_member(secret),
        lambda: store.classrooms.rename(secret, "Ada"),
        lambda: store.classrooms.record(secret, Progress("scaling")),
        lambda: store.experiment(mine),
    ):
        with pytest.raises(InputRefused):
            act()


def test_a_class_has_room_for_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_MEMBERS >= 100
    monkeypatch.setattr(classrooms_module, "MOST_MEMBERS", 2)
    _, code = opened(store)
    joined(store, code)
    joined(store, code)
    with pytest.raises(InputRefused, match="full"):
        joined(store, code)
    assert rows(store)["member"] == 2


def test_who_guesses_codes_is_stopped_and_others_are_not(store: Store) -> None:
    _, code = opened(store)
    for _ in range(MOST_MISSES):
        with pytest.raises(InputRefused, match="no class"):
            store.classrooms.called("ZZZZZZ", "evil")
    with pytest.raises(InputRefused, match="wait a minute"):
        store.classrooms.join(code, "evil")
    assert store.classrooms.join(code, HERE)


def test_asking_again_for_a_class_that_has_ended_is_no_guess(store: Store) -> None:
    (key, code), (_, other) = opened(store), opened(store)
    store.classrooms.end(key)
    for _ in range(MOST_MISSES + 1):
        with pytest.raises(InputRefused, match="no class"):
            store.classrooms.called(code, None)
    assert store.classrooms.called(other, HERE).code == other


def test_after_a_minute_codes_may_be_tried_again() -> None:
    now = [0.0]
    misses = Misses(lambda: now[0])
    for _ in range(MOST_MISSES):
        misses.add(HERE)
    with pytest.raises(InputRefused):
        misses.check(HERE)
    now[0] = 61.0
    misses.check(HERE)


def test_an_experiment_of_somebodys_own_is_in_nobody_elses_list(store: Store) -> None:
    mine = store.submit(fake_spec(QUICK), owner="me")
    public = store.submit(fake_spec(QUICK))
    assert [found.id for found in store.experiments(seen_by=["you"])] == [public]
    assert {found.id for found in store.experiments(seen_by=["me"])} == {mine, public}
    assert store.experiment(mine).id == mine
