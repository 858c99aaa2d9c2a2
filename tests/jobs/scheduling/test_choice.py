from core.jobs.scheduling.choice import MAX_PASSED_SECONDS, MAX_PASSES, PATIENCE_SECONDS, Chooser, SlotView


def slot(name: str, *structures: str, free: bool = True, compiling: str | None = None) -> SlotView:
    return SlotView(name, ready=True, free=free, structures=frozenset(structures), compiling=compiling)


def test_a_run_goes_to_the_slot_that_has_compiled_its_structure() -> None:
    choice = Chooser().choose([(1, "a"), (2, "b")], [slot("one"), slot("two", "b")], now=0)
    assert choice is not None
    assert (choice[0].name, choice[1]) == ("two", "b")


def test_the_oldest_run_goes_first_when_nobody_knows_any() -> None:
    choice = Chooser().choose([(1, "a"), (2, "b")], [slot("one")], now=0)
    assert choice is not None
    assert choice[1] == "a"


def test_two_slots_do_not_compile_the_same_while_others_wait() -> None:
    busy = slot("one", free=False, compiling="a")
    choice = Chooser().choose([(1, "a"), (2, "b")], [busy, slot("two")], now=0)
    assert choice is not None
    assert choice[1] == "b"


def test_a_second_slot_compiles_what_has_waited_as_long_as_compiling_takes() -> None:
    chooser, slots = Chooser(), [slot("one", "a", free=False), slot("two")]
    assert chooser.choose([(1, "a")], slots, now=5.0) is None
    assert chooser.choose([(2, "a")], slots, now=5.0 + PATIENCE_SECONDS / 2) is None
    choice = chooser.choose([(3, "a")], slots, now=5.0 + PATIENCE_SECONDS)
    assert choice is not None
    assert choice[0].name == "two"


def test_an_idle_slot_is_preferred_to_one_that_compiles_ahead() -> None:
    choice = Chooser().choose([(1, "a")], [slot("one", compiling="z"), slot("two", "b", "c")], now=0)
    assert choice is not None
    assert choice[0].name == "two"


def test_nobody_starves_behind_a_known_structure() -> None:
    chooser, slots = Chooser(), [slot("one", "known")]
    chosen = [chooser.choose([(1, "new"), (2 + turn, "known")], slots, now=0) for turn in range(MAX_PASSES + 1)]
    assert [choice[1] for choice in chosen if choice] == ["known"] * MAX_PASSES + ["new"]


def test_nobody_waits_long_behind_long_runs() -> None:
    chooser, slots = Chooser(), [slot("one", "known")]
    waiting = [(1, "new"), (2, "known")]
    first, later = chooser.choose(waiting, slots, now=0), chooser.choose(waiting, slots, now=MAX_PASSED_SECONDS)
    assert first is not None
    assert later is not None
    assert (first[1], later[1]) == ("known", "new")


def test_nothing_is_chosen_without_a_free_slot() -> None:
    assert Chooser().choose([(1, "a")], [slot("one", "a", free=False)], now=0) is None
