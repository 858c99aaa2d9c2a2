"""A log of somebody else's program: what the curves alone make a suspect, and what they cannot tell."""

import json
import math

import numpy as np
import pytest

import core
from core.__main__ import main
from core.diagnosis.causes.catalogue import CAUSES
from core.diagnosis.log import diagnose_log
from core.diagnosis.report import public_variant

EPOCHS = np.arange(60)
FALL = np.exp(-EPOCHS / 8)


def diagnosed(loss, **curves):
    columns = {"epoch": EPOCHS[: len(loss)], "loss": loss, **curves}
    lines = [",".join(columns), *(",".join(str(value) for value in row) for row in zip(*columns.values(), strict=True))]
    (variant,) = diagnose_log(core.read_table("\n".join(lines).encode(), "training.csv"))["variants"]
    return variant


def causes(variant):
    return [cause["cause"] for cause in variant["causes"]]


ODD = {
    "learning_rate_too_high": [3.0, 900.0, math.inf, math.nan],
    "loss_mismatch": [0.0] * 20,
    "learning_rate_too_low": list(1 - EPOCHS / 100),
}


@pytest.mark.parametrize("cause", ODD)
def test_a_curve_makes_its_cause_the_first_suspect(cause):
    assert causes(diagnosed(ODD[cause]))[0] == cause


def test_only_a_loss_that_cannot_be_right_is_faulty_for_nothing_can_be_tried():
    verdicts = {cause: diagnosed(loss)["verdict"] for cause, loss in ODD.items()}
    assert verdicts == {
        "learning_rate_too_high": "faulty", "loss_mismatch": "faulty", "learning_rate_too_low": "undecided",
    }  # fmt: skip
    assert "nothing could be tried" in diagnosed(ODD["learning_rate_too_low"])["why"]


def test_a_loss_that_is_nan_from_the_start_suspects_the_data():
    assert causes(diagnosed([math.nan] * 5))[0] == "invalid_values"


def read(*lines):
    (variant,) = diagnose_log(core.read_table("\n".join(lines).encode(), "metrics.csv"))["variants"]
    return variant


def test_training_and_validation_in_rows_of_their_own_are_one_epoch():
    """As Lightning's CSVLogger writes them, the validation first."""
    pairs = [f"{e},{10 * e},,{1.2 * FALL[e] + 0.1}\n{e},{10 * e},{FALL[e]}," for e in range(40)]
    variant = read("epoch,step,train_loss,val_loss", *pairs)
    assert variant["verdict"] == "undecided"
    assert not any("not a number" in text for cause in variant["causes"] for text in cause["evidence"])


def test_a_last_row_without_losses_is_no_event():
    """As Hugging Face's trainer ends its history."""
    steps = [f"{e},{FALL[e]},\n{e},,{FALL[e] + 0.1}" for e in range(1, 40)]
    assert read("epoch,loss,eval_loss", *steps, "39,,")["verdict"] == "undecided"


def test_a_blank_cell_is_a_gap_and_no_event():
    losses = [f"{e},{'' if e == 7 else FALL[e]}" for e in range(40)]
    assert read("epoch,loss", *losses)["verdict"] == "undecided"


def test_a_loss_that_ends_as_nan_is_an_event_though_its_accuracy_is_a_number():
    rows = [f"{e},0.3,{'nan' if e > 7 else FALL[e]}" for e in range(40)]
    variant = read("epoch,accuracy,loss", *rows)
    assert variant["verdict"] == "faulty"
    assert any("from epoch 8 on" in text for text in variant["causes"][0]["evidence"])


def test_where_validation_has_gaps_the_training_loss_is_that_of_the_same_epoch():
    """It has stood still since the validation loss was lowest: nothing is learnt by heart."""
    loss = [max(0.4, 1 - 0.03 * e) + (0.05 if e > 20 else 0) for e in range(60)]
    held_out = {e: 0.5 + 0.02 * abs(e - 20) for e in range(0, 60, 5)}
    variant = read("epoch,loss,val_loss", *(f"{e},{loss[e]},{held_out.get(e, '')}" for e in range(60)))
    assert "overfitting" not in causes(variant)


def test_jumps_and_climbs_suspect_the_rate():
    rng = np.random.default_rng(0)
    assert causes(diagnosed(list(0.5 + 0.2 * rng.random(60))))[0] == "learning_rate_too_high"
    assert causes(diagnosed([*FALL[:30], *FALL[:30][::-1]]))[0] == "learning_rate_too_high"


def test_a_flat_loss_is_told_as_guessing_among_classes():
    variant = diagnosed([math.log(3)] * 30)
    assert "ln 3: guessing among 3" in variant["causes"][0]["evidence"][0]
    assert {"vanishing_gradients", "learning_rate_too_low"} <= set(causes(variant))


def test_parting_curves_are_overfitting():
    variant = diagnosed(list(FALL), val_loss=list(FALL + (EPOCHS / 40) ** 2))
    assert causes(variant) == ["overfitting"]
    falls_to_the_end = diagnosed([2.3, 1.9, 1.5, 1.1, 0.6], val_loss=[2.3, 1.9, 2.1, 2.8, 3.5])
    assert causes(falls_to_the_end) == ["overfitting"]
    assert "lowest at epoch" in variant["causes"][0]["evidence"][0]


def test_headings_may_have_blanks_and_capitals_and_epochs_are_numbered_as_the_log_does():
    rows = [(0, 2.3, 2.3), (1, 1.9, 1.9), (2, 1.5, 2.1), (3, 1.1, 2.8), (4, 0.6, 3.5)]
    text = "Epoch,Train Loss,Val Loss\n" + "\n".join(",".join(map(str, row)) for row in rows)
    (variant,) = diagnose_log(core.read_table(text.encode(), "training.csv"))["variants"]
    assert causes(variant) == ["overfitting"]
    assert "lowest at epoch 1 " in variant["causes"][0]["evidence"][0]
    (variant,) = diagnose_log(core.read_table(b"loss\n3\n2\nnan\nnan\n", "training.csv"))["variants"]
    assert "from epoch 3 on" in variant["causes"][0]["evidence"][0]


def test_a_rate_of_zero_is_seen():
    assert "learning rate is 0 in 50%" in str(diagnosed(list(FALL), lr=[0.1, 0.0] * 30))


def test_a_log_has_the_keys_of_every_variant():
    assert diagnosed(list(FALL)).keys() == public_variant({}, "refused", error="no data").keys()


def test_a_log_in_which_nothing_is_odd_is_undecided_and_not_healthy():
    variant = diagnosed(list(FALL + 0.1), val_loss=list(FALL + 0.15), lr=[0.001] * 60)
    assert variant["verdict"] == "undecided"
    assert "only the data can tell" in variant["why"]
    assert variant["causes"] == []
    assert len(variant["not_checked"]) == len(CAUSES)


def test_nothing_is_claimed_to_be_proven():
    variant = diagnosed([1.0, 9.0, math.nan])
    assert all(cause["fix"] is None and cause["trial"] is None for cause in variant["causes"])
    assert all(cause["confidence"] <= 0.5 for cause in variant["causes"])
    named = {gap["cause"] for gap in variant["not_checked"]}
    assert named | set(causes(variant)) == set(CAUSES)
    assert not named & set(causes(variant))


def test_a_table_without_losses_is_refused():
    table = core.read_table(b"epoch,score\n1,0.5\n2,0.6\n3,0.7\n", "log.csv")
    with pytest.raises(core.InputRefused, match="no column of training losses"):
        diagnose_log(table)
    with pytest.raises(core.InputRefused, match="at least 3"):
        diagnose_log(core.read_table(b"epoch,loss\n1,0.5\n2,0.4\n", "log.csv"))


def test_the_command_line_takes_a_log(tmp_path, capsys):
    path = tmp_path / "training.csv"
    path.write_text("epoch,loss\n" + "\n".join(f"{i},{value}" for i, value in enumerate(ODD["learning_rate_too_low"])))
    assert main(["diagnose", "--log", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["variants"][0]["causes"][0]["cause"] == "learning_rate_too_low"
    assert main(["diagnose", "--log", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["diagnose"]) == 2
