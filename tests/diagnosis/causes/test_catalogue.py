"""Every cause: what makes it a suspect, that a healthy run is none, and that its repairs are specs."""

import re
from pathlib import Path

import pytest

from core.data.understand.leaks import Leak
from core.data.understand.sentinels import Sentinel
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.causes.cause import suspects
from core.diagnosis.evidence.simple_models import Copies
from tests.diagnosis.table import observation_of

IDS = [
    "inputs_unscaled", "target_unscaled", "invalid_values", "unsuitable_encoding", "leakage", "no_signal",
    "constant_target", "class_imbalance", "unshuffled_data", "output_activation_mismatch", "loss_mismatch",
    "hidden_activation_unsuitable", "vanishing_gradients", "exploding_gradients", "dying_relu", "poor_initialization",
    "capacity_too_small", "overfitting", "learning_rate_too_high", "learning_rate_too_low", "too_few_updates",
    "batch_size_unsuitable", "optimizer_unsuitable", "regularization_too_strong", "early_stopping_too_eager",
    "scaling_unsuitable", "distribution_shift", "conflicting_labels", "schedule_unsuitable", "clipping_too_strong",
]  # fmt: skip

DEEP = {"layers": [8, 8, 8, 8]}
CLASSES = {"task": "binary", "loss": "binary_crossentropy", "output_activation": "sigmoid", "classes": ("no", "yes")}
LABELS = {"task": "multilabel", "loss": "binary_crossentropy", "classes": ("a", "b", "c"), "output_units": 3}
STUCK = {"skill": (0.0, 0.0, 0.0), "val_skill": (0.0, 0.0, 0.0)}
STOPPING = {"monitor": "val_loss", "patience": 1}

FAULTY = [
    ("inputs_unscaled", {"input_offset": 500.0}, {}, {"preprocessing": {"scaling": "none"}}),
    ("inputs_unscaled", {"input_spread": (0.1, 50.0)}, {}, {"preprocessing": {"scaling": "none"}}),
    ("inputs_unscaled", {"input_spread": (0.001, 0.002)}, {}, {"preprocessing": {"scaling": "none"}}),
    ("target_unscaled", {"target_mean": 300.0, "target_std": 40.0}, {}, {}),
    ("target_unscaled", {"target_std": 1e-4}, {}, {}),
    ("invalid_values", {"invalid_inputs": 0.01}, {}, {"preprocessing": {"missing": "keep"}}),
    ("invalid_values", {"sentinels": (Sentinel("a", -999.0, 12, certain=True),)}, {}, {}),
    ("invalid_values", {"sentinels": (Sentinel("a", 0.0, 5),)}, {}, {}),
    ("unsuitable_encoding", {"category_columns": ("colour",), "word_columns": ("colour",)}, {},
     {"preprocessing": {"encoding": "ordinal"}}),
    ("unsuitable_encoding", {"identifier_columns": ("a",)}, {}, {}),
    ("leakage", {"leaks": (Leak("a", "y", 1.0, "copy", "a is y.", certain=True),)}, {}, {}),
    ("leakage", {}, {}, {"preprocessing": {"fit_on": "all"}}),
    ("leakage", {"copies": Copies(0.8), "by_heart": 0.9, "skills": {"trees": 0.1}}, {}, {}),
    ("scaling_unsuitable", {"unscaled": 0.9, "skills": {"trees": 0.1}}, {}, {"preprocessing": {"scaling": "l2"}}),
    ("conflicting_labels", {"copies": Copies(0.8, 0.5)}, {}, {}),
    ("schedule_unsuitable", {}, {"rate_left": 0.01}, {"training": {"schedule": "exponential"}}),
    ("clipping_too_strong", {}, {"clipped": 0.9, "falling": 0.3}, {"training": {"clip_norm": 0.001}}),
    ("unshuffled_data", {"input_shift": 0.95}, {}, {"data": {"split": "in_order"}}),
    ("distribution_shift", {"input_shift": 0.95}, {}, {"data": {"split": "in_order"}}),
    ("output_activation_mismatch", {**LABELS, "output_activation": "softmax", "answers": (0, 3)}, {},
     {"model": {"output_activation": "softmax"}}),
    ("no_signal", {"skills": {"linear": -0.1, "trees": 0.01}}, STUCK, {}),
    ("no_signal", {"skills": {"linear": 0.06, "trees": 0.05}, "chance": 0.08}, STUCK, {}),
    ("constant_target", {"constant_target": True}, {}, {}),
    ("class_imbalance", {**CLASSES, "class_shares": (0.95, 0.05)}, {"recall": (0.0, 0.1, 0.0)}, {}),
    ("unshuffled_data", {"shift": 2.0}, {}, {"data": {"split": "in_order"}}),
    ("unshuffled_data", {"runs_of_target": 0.99}, {}, {"training": {"shuffle": False}}),
    ("output_activation_mismatch", {"output_activation": "relu", "target_range": (-3.0, 9.0)}, {},
     {"model": {"output_activation": "relu"}}),
    ("output_activation_mismatch", {**CLASSES, "output_activation": "softmax"}, {},
     {"model": {"output_activation": "softmax"}}),
    ("output_activation_mismatch", {**CLASSES, "output_activation": "linear"}, {},
     {"model": {"output_activation": "linear"}}),
    ("loss_mismatch", {"loss": "binary_crossentropy"}, {}, {"model": {"loss": "binary_crossentropy"}}),
    ("loss_mismatch", {**CLASSES, "loss": "mae"}, {}, {"model": {"loss": "mae"}}),
    ("loss_mismatch", {**CLASSES, "loss": "categorical_crossentropy"}, {},
     {"model": {"loss": "categorical_crossentropy"}}),
    ("loss_mismatch", {**CLASSES, "loss": "categorical_focal_crossentropy"}, {},
     {"model": {"loss": "categorical_focal_crossentropy"}}),
    ("loss_mismatch", {**CLASSES, "loss": "hinge", "output_activation": "hard_sigmoid"}, {},
     {"model": {"loss": "hinge", "output_activation": "hard_sigmoid"}}),
    ("hidden_activation_unsuitable", {}, {}, {"model": {"activation": "exponential"}}),
    ("hidden_activation_unsuitable", {}, {}, {"model": {"activation": "linear"}}),
    ("vanishing_gradients", {}, {"gradient_ratio": 1e-6}, {"model": DEEP}),
    ("vanishing_gradients", {}, STUCK, {"model": {**DEEP, "activation": "sigmoid"}}),
    ("exploding_gradients", {}, {"diverged": 1.0, "initial_loss": None}, {"model": DEEP}),
    ("exploding_gradients", {}, {"gradient_ratio": 500.0}, {"model": DEEP}),
    ("dying_relu", {}, {"dead": 1.0}, {}),
    ("poor_initialization", {}, {}, {"model": {"initializer": "zeros"}}),
    ("poor_initialization", {}, {}, {"model": {**DEEP, "initializer": "random_uniform"}}),
    ("capacity_too_small", {}, {"skill": (0.3, 0.3, 0.3)}, {"model": {"layers": []}}),
    ("overfitting", {}, {"skill": (0.99,) * 3, "val_skill": (0.1,) * 3, "val_rise": 2.0, "best_at": 0.2}, {}),
    ("learning_rate_too_high", {}, {"kick": 1000.0}, {}),
    ("learning_rate_too_high", {}, {"oscillation": 0.3}, {}),
    ("learning_rate_too_high", {}, {"diverged": 1.0}, {}),
    ("learning_rate_too_high", {}, {}, {"training": {"learning_rate": 1.0}}),
    ("learning_rate_too_low", {}, {"falling": 0.2}, {}),
    ("learning_rate_too_low", {}, {}, {"training": {"learning_rate": 1e-6}}),
    ("too_few_updates", {}, {"updates": 20.0, "falling": 0.2}, {}),
    ("batch_size_unsuitable", {}, {"oscillation": 0.1}, {"training": {"batch_size": 1}}),
    ("batch_size_unsuitable", {}, {}, {"training": {"batch_size": 1000}}),
    ("optimizer_unsuitable", {}, {}, {"training": {"optimizer": "sgd", "momentum": 0.99}}),
    ("optimizer_unsuitable", {}, {}, {"training": {"optimizer": "adadelta"}}),
    ("regularization_too_strong", {}, {"penalty": 0.8}, {"model": {"l2": 1.0}}),
    ("regularization_too_strong", {}, {}, {"model": {"dropout": 0.9}}),
    ("regularization_too_strong", {}, {}, {"training": {"weight_decay": 1.0}}),
    ("early_stopping_too_eager", {}, {"stopped": 0.1}, {"training": {"early_stopping": STOPPING}}),
]  # fmt: skip


def test_the_catalogue_has_the_30_causes_of_the_public_surface():
    assert set(CAUSES) == set(IDS)
    assert {cause.family for cause in CAUSES.values()} == {"preprocessing", "architecture", "optimisation"}


@pytest.mark.parametrize(("cause", "facts", "signals", "sections"), FAULTY, ids=[f[0] for f in FAULTY])
def test_a_symptom_makes_its_cause_a_suspect(cause, facts, signals, sections):
    data = {"data": {**_data(), **sections["data"]}} if "data" in sections else {}
    observed = observation_of(facts, signals, **{**sections, **data})
    found = {suspect.cause.id: suspect for suspect in suspects(observed, CAUSES.values())}
    assert cause in found
    assert found[cause].strength >= 0.3
    assert all(0 < piece.strength <= 1 and piece.text for piece in found[cause].evidence)
    for change in CAUSES[cause].repairs(observed):
        assert observed.run.changed(change).hash() != observed.run.hash()


def test_every_cause_has_a_test_that_fires_it():
    assert {name for name, *_ in FAULTY} == set(CAUSES)


def _data():
    from tests.diagnosis.table import DATA

    return DATA


@pytest.mark.parametrize("cause", IDS)
def test_a_healthy_run_is_no_strong_suspect(cause):
    observed = observation_of()
    evidence = list(CAUSES[cause].look(observed))
    assert all(piece.strength <= 0.2 and not piece.certain for piece in evidence)


@pytest.mark.parametrize("cause", IDS)
def test_every_cause_is_told_in_plain_words(cause):
    about = CAUSES[cause].about
    assert re.fullmatch(r"[A-Z].{20,140}\.", about)
    assert "_" not in about


def test_causes_come_certain_first_then_by_strength():
    observed = observation_of(
        {"sentinels": (Sentinel("a", -999.0, 3, certain=True),)}, {"kick": 1000.0, "oscillation": 0.3}
    )
    names = [suspect.cause.id for suspect in suspects(observed, CAUSES.values())]
    assert names[:2] == ["invalid_values", "learning_rate_too_high"]


def test_a_doubtful_sentinel_or_leak_proves_nothing():
    leak = Leak("a", "y", 0.98, "answer", "a knows y.")
    observed = observation_of({"sentinels": (Sentinel("a", 0.0, 5),), "leaks": (leak,), "without_leaks": 0.5})
    found = {suspect.cause.id: suspect for suspect in suspects(observed, CAUSES.values())}
    assert not found["invalid_values"].certain
    assert "leakage" not in found
    (question,) = CAUSES["leakage"].asks(observed)
    assert question.ask == "Is a known when the model will be asked, or only afterwards?"


def test_rows_of_another_kind_are_a_question():
    (question,) = CAUSES["distribution_shift"].asks(observation_of({"input_shift": 0.9}))
    assert "last rows" in question.ask
    assert not list(CAUSES["distribution_shift"].asks(observation_of()))


def test_a_cross_entropy_on_shares_is_a_remark_and_no_fault():
    share = {"loss": "binary_crossentropy", "output_activation": "sigmoid", "target_range": (0.0, 1.0)}
    observed = observation_of(share)
    assert not list(CAUSES["loss_mismatch"].look(observed))
    assert len(list(CAUSES["loss_mismatch"].remarks(observed))) == 1
    beyond = observation_of({**share, "target_range": (0.0, 4.0)})
    assert list(CAUSES["loss_mismatch"].look(beyond))
    assert not list(CAUSES["loss_mismatch"].remarks(beyond))


def test_a_rare_class_that_is_missed_is_told_though_it_is_no_fault():
    facts = {**CLASSES, "class_shares": (0.95, 0.05)}
    (told,) = CAUSES["class_imbalance"].remarks(observation_of(facts, {"recall": (0.0, 0.1, 0.0)}))
    assert "yes" in told
    assert not list(CAUSES["class_imbalance"].remarks(observation_of(facts)))


def test_one_label_a_row_lets_a_softmax_be():
    facts = {**LABELS, "output_activation": "softmax", "answers": (1, 1)}
    found = list(CAUSES["output_activation_mismatch"].look(observation_of(facts)))
    assert not any(piece.certain for piece in found)


def test_what_is_asked_of_a_cause_stands_in_its_entry():
    asked = {name for name, cause in CAUSES.items() if cause.asks_rates}
    assert asked == {"learning_rate_too_high", "learning_rate_too_low"}
    assert {name for name, cause in CAUSES.items() if cause.hopeless} == {"constant_target", "conflicting_labels"}
    assert {name for name, cause in CAUSES.items() if cause.unlearnable} == {"no_signal"}
    doctor = (Path(__file__).parents[3] / "core/diagnosis/diagnosis.py").read_text()
    assert not [name for name in CAUSES if name in doctor]


@pytest.mark.parametrize("others", [None, -0.2, 0.5, 0.99])
def test_a_copy_is_certain_whatever_the_other_inputs_explain_and_a_doubt_is_asked(others):
    copy, doubt = Leak("a", "y", 1.0, "copy", "a is y.", certain=True), Leak("a", "y", 0.98, "answer", "a knows y.")
    leakage = CAUSES["leakage"]
    (piece,) = leakage.look(observation_of({"leaks": (copy,), "without_leaks": others}))
    assert (piece.strength, piece.certain) == (0.97, True)
    doubted = observation_of({"leaks": (doubt,), "without_leaks": others})
    assert not list(leakage.look(doubted))
    assert len(list(leakage.asks(doubted))) == 1


def test_a_column_that_only_knows_much_does_not_excuse_a_copy():
    copy, doubt = Leak("a", "y", 1.0, "copy", "a is y.", certain=True), Leak("b", "y", 0.996, "answer", "b knows y.")
    observed = observation_of({"leaks": (copy, doubt), "usable_columns": ("a", "b")})
    (piece,) = CAUSES["leakage"].look(observed)
    assert piece.certain
    assert list(CAUSES["leakage"].repairs(observed)) == [{"data.features": ["b"]}]


def test_where_every_input_is_a_copy_to_find_out_how_is_the_exercise():
    copy = Leak("a", "y", 1.0, "copy", "a is y.", certain=True)
    for others in ({"usable_columns": ("a",)}, {"usable_columns": ("a", "id"), "identifier_columns": ("id",)}):
        observed = observation_of({"leaks": (copy,), **others})
        assert not list(CAUSES["leakage"].look(observed))
        assert not list(CAUSES["leakage"].repairs(observed))


@pytest.mark.parametrize(
    ("cause", "signals", "told"),
    [
        ("learning_rate_too_high", {"kick": 160.0}, "the loss 160 times worse"),
        ("learning_rate_too_high", {"kick": 3.4}, "the loss 3.4 times worse"),
        ("overfitting", {"skill": (0.9,), "val_skill": (0.2,), "val_rise": 150.0, "best_at": 0.2}, "150 times that"),
    ],
)
def test_how_many_times_is_written_out(cause, signals, told):
    pieces = CAUSES[cause].look(observation_of(signals=signals))
    assert any(told in piece.text for piece in pieces)


def test_a_range_test_takes_no_rate_away():
    evidence = [
        [*CAUSES["schedule_unsuitable"].look(observation_of(signals={"rate_left": 0.05}, training={"schedule": name}))]
        for name in ("range_test", "cosine")
    ]
    assert not evidence[0]
    assert evidence[1]


def test_no_rule_names_a_case():
    """Rules are about causes, never about the programs they are measured with."""
    root = Path(__file__).parents[3]
    names = [path.stem for path in (root / "tests" / "cases").glob("*.json")]
    text = "".join(path.read_text() for path in (root / "core" / "diagnosis").rglob("*.py"))
    assert names
    assert not [name for name in names if name in text]
