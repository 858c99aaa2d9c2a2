"""The command line: what it prints, where, and with which exit status; one sentence where something is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
from core.__main__ import DONE, FAILED, REFUSED, main
from core.errors import WorkFailed
from core.training.memory import IDLE_BYTES

ROOT = Path(__file__).parent.parent
FEW = {"epochs": 3}
IRIS = {"data": {"source": "sample:iris", "target": "species"}, "training": FEW}
BESIDE = {**IRIS, "vary": {"model.output_units": ["auto", 2]}}
"""The second variant is refused: two units cannot tell three classes apart."""
UNTRAINABLE = {
    "data": {"source": {"columns": {"x": [1, 2, 3, 4], "y": [1, 2, 3, 4]}}, "target": "y", "validation_fraction": 0},
    "model": {"loss": "sparse_categorical_crossentropy"},
    "training": FEW,
}
"""Keras itself refuses it: four classes' worth of targets for one unit."""


@pytest.fixture
def written(tmp_path):
    """Return the path of a file with this content: a spec or text."""

    def write(content, name="spec.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def no_constant(name):
    pytest.fail(f"{name} is not JSON")


def one_sentence(text):
    """Whether this is one line that ends as a sentence does, and no traceback."""
    return text.endswith(".\n") and text.count("\n") == 1 and "Traceback" not in text


def test_run_prints_a_line_per_variant_and_nothing_else(written, capsys):
    spec = written({**IRIS, "vary": {"training.learning_rate": [0.001, 0.1]}})
    assert main(["run", spec]) == DONE
    printed = capsys.readouterr()
    head, *lines = printed.out.splitlines()
    assert head.split()[:3] == ["variant", "seed", "loss"]
    assert [line.split("  ")[0] for line in lines] == ["learning_rate 0.001", "learning_rate 0.1"]
    assert all(line.endswith("done") for line in lines)
    assert printed.err == ""


def test_run_as_json_is_what_the_function_returns(written, capsys):
    spec = written(IRIS)
    assert main(["run", spec, "--json"]) == DONE
    printed = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    returned = core.train(spec)
    assert printed["spec_hash"] == returned["spec_hash"]
    assert [run["history"] for run in printed["runs"]] == [run["history"] for run in returned["runs"]]


def test_a_loss_that_overflows_is_told_with_its_epoch_and_the_status_is_done(written, capsys):
    columns = {"x": [1e6, -2e6, 3e6, 4e6], "y": [1, 2, 3, 4]}
    spec = {
        "data": {"source": {"columns": columns}, "target": "y", "validation_fraction": 0},
        "preprocessing": {"scaling": "none"},
        "training": {"optimizer": "sgd", "learning_rate": 1e5, "epochs": 20},
    }
    assert main(["run", written(spec)]) == DONE
    assert "diverged at epoch " in capsys.readouterr().out
    assert main(["run", written(spec), "--json"]) == DONE
    (run,) = json.loads(capsys.readouterr().out, parse_constant=no_constant)["runs"]
    assert run["history"]["loss"][-1] is None


def test_the_plot_is_a_page_that_needs_nothing_else(written, capsys, tmp_path):
    page = tmp_path / "curves.html"
    assert main(["run", written(IRIS), "--plot", str(page)]) == DONE
    text = page.read_text()
    assert capsys.readouterr().out.rstrip().endswith("done")
    assert "seed 0 (validation)" in text
    assert "<script src=" not in text


def test_a_plot_that_cannot_be_written_is_refused_after_the_results_were_told(written, capsys, tmp_path):
    assert main(["run", written(IRIS), "--plot", str(tmp_path / "nowhere" / "curves.html")]) == REFUSED
    printed = capsys.readouterr()
    assert printed.out.rstrip().endswith("done")
    assert one_sentence(printed.err)
    assert "curves.html: cannot be written" in printed.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({**IRIS, "trainig": {}}, "trainig: there is no such setting; allowed: data, "),
        ({**IRIS, "training": {"loss": "mse"}}, "training.loss: there is no such setting; it is model.loss."),
        ({**IRIS, "training": {"epochs": 0}}, "training.epochs: 0 is refused"),
        ({**IRIS, "data": {"source": "sample:iris", "target": "colour"}}, "colour"),
        ({**IRIS, "vary": {"model.output_units": [2]}}, "2 units cannot tell 3 classes apart"),
        ('{"data": ', "spec.json: is not JSON at line 1."),
        ('{"seeds": 1, "seeds": 2}', "spec.json: 'seeds' is set twice"),
        (f'{{"seeds": {"9" * 5000}}}', "spec.json: a whole number has 5000 digits; allowed: at most 308."),
    ],
)
@pytest.mark.parametrize("verb", ["run", "diagnose"])
def test_a_refused_spec_is_one_sentence_on_stderr(verb, content, says, written, capsys):
    assert main([verb, written(content)]) == REFUSED
    printed = capsys.readouterr()
    assert one_sentence(printed.err)
    assert says in printed.err
    assert printed.out == ""


def test_a_refused_variant_is_told_beside_one_that_was_trained(written, capsys):
    assert main(["run", written(BESIDE)]) == DONE
    trained, refused = capsys.readouterr().out.splitlines()[1:]
    assert trained.endswith("done")
    assert "failed: model.output_units: 2 units cannot tell 3 classes apart" in refused


def test_what_keras_cannot_train_is_work_that_failed(written, capsys):
    assert main(["run", written(UNTRAINABLE)]) == FAILED
    printed = capsys.readouterr()
    assert "failed: Keras cannot train this combination" in printed.out
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("error", [WorkFailed("the disk\nis full"), RuntimeError("the disk is full"), KeyError("disk")])
def test_a_fault_of_ours_is_one_line_with_status_1(error, written, capsys, monkeypatch):
    def break_down(*_):
        raise error

    monkeypatch.setattr("core.training.experiment.train", break_down)
    assert main(["run", written(IRIS)]) == FAILED
    printed = capsys.readouterr()
    assert printed.err.startswith(f"The work failed: {type(error).__name__}: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize("arguments", [[], ["train"], ["run"], ["diagnose"], ["bench", "--fast"]])
def test_an_unknown_command_is_refused_with_the_usage(arguments, capsys):
    assert main(arguments) == REFUSED
    assert "usage: python -m core" in capsys.readouterr().err


def test_a_process_ends_with_the_status_and_the_sentence(written):
    done = subprocess.run(
        [sys.executable, "-m", "core", "run", written({**IRIS, "trainig": {}})],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.startswith("trainig: there is no such setting; allowed: data, ")
    assert one_sentence(done.stderr)


def test_a_pipe_whose_reader_left_is_no_traceback(written):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "core", "run", written({**IRIS, "training": {"epochs": 300}}), "--json"],
            stdout=closed, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False, timeout=100,
        )  # fmt: skip
    assert done.returncode == FAILED
    assert "Traceback" not in done.stderr


def test_a_log_is_diagnosed(written, capsys):
    log = written("epoch,loss\n" + "".join(f"{i},{10.0**i}\n" for i in range(12)), "training.csv")
    assert main(["diagnose", "--log", log]) == DONE
    assert "The learning rate is too high" in capsys.readouterr().out
    assert main(["diagnose", "--log", log, "--json"]) == DONE
    printed = capsys.readouterr()
    report = json.loads(printed.out, parse_constant=no_constant)
    assert report["variants"][0]["causes"][0]["cause"] == "learning_rate_too_high"
    assert printed.err == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [("a,b\n1,2\n3,4\n", "no column of training losses"), ("loss\n1\n2\n", "at least 3"), (None, "cannot be read")],
)
def test_what_is_no_log_is_refused(content, says, written, capsys, tmp_path):
    log = str(tmp_path / "nowhere.csv") if content is None else written(content, "training.csv")
    assert main(["diagnose", "--log", log]) == REFUSED
    printed = capsys.readouterr()
    assert one_sentence(printed.err)
    assert says in printed.err
    assert printed.out == ""


def test_a_diagnosis_tells_verdict_causes_and_what_was_not_checked(written, capsys):
    spec = {
        "data": {"source": {"columns": {"x": list(range(24)), "y": [5] * 24}}, "target": "y", "task": "regression"},
        "training": FEW,
    }
    assert main(["diagnose", written(spec)]) == DONE
    printed = capsys.readouterr()
    assert printed.out.startswith("faulty\n")
    assert "The target never changes" in printed.out
    assert printed.err == ""


@pytest.mark.slow
def test_the_benchmark_measures_its_cases(capsys, monkeypatch):
    from core.bench import Case

    tiny = {"data": {"source": "sample:noise_labels?n=20", "target": "label", "validation_fraction": 0}}
    monkeypatch.setattr("core.bench.CASES", (Case("tiny", 2, {**tiny, "training": FEW}),))
    assert main(["bench", "--json"]) == DONE
    printed = capsys.readouterr()
    ((case,),) = json.loads(printed.out).values()
    assert (case["name"], case["epochs"]) == ("tiny", 3)
    assert min(case[name] for name in ("lab_cold", "lab_warm", "fit_cold", "fit_epoch", "warm_ratio")) > 0
    assert case["deviation"] < 1e-5
    assert printed.err.startswith("tiny: ")
    assert main(["bench"]) == DONE
    head, line = capsys.readouterr().out.splitlines()
    assert "warm ratio" in head
    assert line.startswith("tiny ")


@pytest.mark.parametrize("verb", ["run", "diagnose"])
def test_what_needs_more_memory_than_there_is_is_refused_before_it_starts(written, capsys, monkeypatch, verb):
    monkeypatch.setattr("core.training.memory.memory_bytes", lambda: 300_000_000 + IDLE_BYTES)
    monkeypatch.setattr("core.training.run.train_run", lambda *_, **__: pytest.fail("it was trained"))
    large = {**IRIS, "model": {"layers": [8192, 1024]}}
    assert main([verb, written(large)]) == REFUSED
    printed = capsys.readouterr()
    assert re.fullmatch(
        r"model\.layers: a run needs about [\d,]+ MB of memory; allowed: 300 MB, with [\d,]+ weights\.\n", printed.err
    )
    assert printed.out == ""
