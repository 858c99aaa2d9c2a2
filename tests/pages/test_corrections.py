"""What was understood of an upload is said and can be corrected; a bad choice leaves everything as it was."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data.upload import reader as parsing
from core.spec import load_spec
from core.ui.data.tables import table_for

from .conftest import DATA
from .test_lab import button, knob, upload, words

CITIES = ["Kraków", "Plzeň", "Břeclav", "Ostrava", "Děčín"]
CZECH = "město;cena;kod;den\n" + "".join(
    f"{CITIES[i % 5]};{i}.5;{i * 37 % 1009:05d};{i % 12 + 1:02d}/{i % 9 + 1:02d}/2024\n" for i in range(60)
)


@pytest.fixture
def czech(app):
    return upload(app.run(), CZECH.encode("cp1250"), "mesta.csv")


def source(app):
    return app.session_state.lab_base.data.source


def table(app):
    return table_for(app.session_state.lab_base.data)


def choose(app, label, value):
    """Take the first choice of a box of the form and press its button."""
    next(box for box in app.selectbox if box.label == label).set_value(value)
    next(b for b in app.button if b.label == "Read it so").click().run()
    assert not app.exception


def test_words_that_may_be_wrong_are_shown_and_one_click_reads_them_right(czech):
    (warning,) = czech.warning
    assert "Western European" in warning.value
    assert "Plzeò Bøeclav" in warning.value
    offer = button(czech, "lab_encoding_cp1250")
    assert "Plzeň Břeclav" in offer.label
    before = source(czech)
    offer.click().run()
    assert not czech.exception
    assert source(czech) != before
    assert set(table(czech).frame["město"]) == set(CITIES)
    assert not czech.warning
    assert "The text was read as Central European" in words(czech).replace("\\", "")


def test_words_that_are_right_raise_the_doubt_no_more(czech):
    before = source(czech)
    button(czech, "lab_letters_right_button").click().run()
    assert not czech.warning
    assert source(czech) == before


def test_utf8_raises_no_doubt(app):
    upload(app.run(), CZECH.encode(), "mesta.csv")
    assert not app.warning
    assert not [b for b in app.button if str(b.key).startswith("lab_encoding_")]


def test_another_script_is_asked_for_with_a_preview(app):
    upload(app.run(), "имя,y\n".encode("cp1251") + "Москва,1\nСаратов,2\n".encode("cp1251") * 20, "ru.csv")
    assert "Iris flowers" in words(app)
    offer = button(app, "lab_encoding_cp1251")
    assert "имя Москва Саратов" in offer.label
    offer.click().run()
    assert not app.exception
    assert list(table(app).frame.columns) == ["имя", "y"]
    assert not app.error


def test_a_file_is_read_differently_and_as_inferred_again(czech):
    knob(czech, "training.learning_rate").set_value(["0.1"]).run()
    czech.get_by_key("lab_target").set_value("cena").run()
    before = source(czech)
    assert table(czech).frame["den"].iloc[1].month == 2
    choose(czech, "Dates", True)
    assert table(czech).frame["den"].iloc[1].day == 2
    assert source(czech) != before
    assert czech.get_by_key("lab_target").value == "cena"
    assert knob(czech, "training.learning_rate").value == ["0.1"]
    choose(czech, "First line", False)
    assert table(czech).frame.columns[0] == "column 1"
    button(czech, "lab_reading_inferred").click().run()
    assert source(czech) == before


@pytest.mark.parametrize(
    ("label", "value", "sentence"),
    [("Encoding", "utf-8", "is not valid UTF-8 text"), ("Between the cells", "|", "there is one column")],
)
def test_a_bad_choice_gets_one_sentence_and_the_table_stays(czech, lab, label, value, sentence):
    before, files = source(czech), sorted(lab.settings.data.glob("*/*"))
    choose(czech, label, value)
    (error,) = czech.error
    assert sentence in error.value.replace("\\", "")
    assert source(czech) == before
    assert sorted(lab.settings.data.glob("*/*")) == files
    box = next(box for box in czech.selectbox if box.label == label)
    assert box.value != value


def test_rows_of_another_length_under_a_new_delimiter_are_asked_about(app):
    upload(app.run(), b"a;b,\n" + b"1,5;2\n" * 30 + b"7;8\n", "t.csv")
    before = source(app)
    choose(app, "Between the cells", ",")
    assert source(app) == before
    next(b for b in app.button if b.label == "Leave it as it is").click().run()
    assert not app.exception
    assert source(app) == before
    assert not [b for b in app.button if b.label == "Leave it as it is"]


def test_a_file_that_was_lost_is_said_and_the_table_stays(czech, lab):
    for file in (lab.settings.data / "uploads").iterdir():
        file.unlink()
    before = source(czech)
    choose(czech, "Encoding", "cp1250")
    assert "upload it again" in words(czech)
    assert source(czech) == before


def kinds_alone():
    from core.ui.data.card import data_card
    from core.ui.data.kind_choice import kind_choice
    from core.ui.lab import state as lab_state

    data_card(lab_state.current_table())
    kind_choice(lab_state.current_table())


@pytest.fixture
def kinds(lab):
    """The card and the boxes of kinds without the dialog around them, which AppTest cannot keep open."""
    app = AppTest.from_function(kinds_alone, default_timeout=60)
    return upload(app.run(), CZECH.encode(), "mesta.csv")


def kind_box(app, name):
    return next(box for box in app.selectbox if box.label == f"Kind of {name}")


def test_a_kind_is_chosen_applied_and_undone(kinds):
    before = source(kinds)
    assert kind_box(kinds, "kod").options == ["number", "category", "text", "identifier"]
    assert button(kinds, "lab_kinds_apply").disabled
    kind_box(kinds, "kod").set_value("number").run()
    assert source(kinds) == before
    button(kinds, "lab_kinds_apply").click().run()
    assert not kinds.exception
    assert source(kinds) != before
    assert table(kinds).column("kod").kind == kind_box(kinds, "kod").value == "number"
    assert "identifier (as inferred)" in kind_box(kinds, "kod").options
    assert "kod (number)" in words(kinds).replace("\\", "")
    button(kinds, "lab_kinds_inferred").click().run()
    assert source(kinds) == before
    assert table(kinds).column("kod").kind == "identifier"
    assert not [b for b in kinds.button if b.key == "lab_kinds_inferred"]


def test_kinds_add_up_from_what_was_inferred(kinds):
    kind_box(kinds, "kod").set_value("category").run()
    button(kinds, "lab_kinds_apply").click().run()
    kind_box(kinds, "kod").set_value("number").run()
    kind_box(kinds, "den").set_value("category").run()
    button(kinds, "lab_kinds_apply").click().run()
    assert not kinds.exception
    assert dict(table(kinds).kinds) == {"kod": "number", "den": "category"}
    assert table(kinds).frame["kod"].dtype == "int64"


def test_a_kind_that_is_refused_leaves_the_table_and_the_boxes_as_they_were(kinds, monkeypatch):
    before = source(kinds)
    kind_box(kinds, "kod").set_value("number").run()
    monkeypatch.setattr("core.data.upload.reader.PATIENCE_SECONDS", 0.01)
    with parsing._turn, parsing._turn:
        button(kinds, "lab_kinds_apply").click().run()
    assert not kinds.exception
    (error,) = kinds.error
    assert "other files are being read" in error.value
    assert source(kinds) == before
    assert kind_box(kinds, "kod").value == "identifier"
    assert button(kinds, "lab_kinds_apply").disabled


def test_a_sample_can_have_other_kinds_too(kinds):
    kinds.get_by_key("lab_sample").set_value("digits").run()
    assert "find one by its name" in words(kinds)
    assert len([box for box in kinds.selectbox if box.label.startswith("Kind of")]) <= 20
    kinds.get_by_key("lab_kinds_find").set_value("digit").run()
    kind_box(kinds, "digit").set_value("category").run()
    button(kinds, "lab_kinds_apply").click().run()
    assert not kinds.exception
    assert source(kinds).startswith("dataset:")
    assert "Handwritten digits" in words(kinds)
    assert kinds.session_state.lab_base.data.target == "digit"
    button(kinds, "lab_kinds_inferred").click().run()
    assert source(kinds) == "sample:digits"


def test_a_table_written_into_the_experiment_can_have_other_kinds_too(kinds):
    columns = {"size": [1, 2, 3, 2, 1, 3], "y": [1.5, 2, 3, 4, 5, 6.5]}
    kinds.session_state.lab_base = load_spec({"data": {"source": {"columns": columns}, "target": "y"}})
    kind_box(kinds.run(), "size").set_value("category").run()
    button(kinds, "lab_kinds_apply").click().run()
    assert not kinds.exception
    assert table(kinds).frame["size"].tolist() == ["1", "2", "3", "2", "1", "3"]
    button(kinds, "lab_kinds_inferred").click().run()
    assert table(kinds).frame["size"].tolist() == columns["size"]
    assert kinds.session_state.lab_base.data.target == "y"


def test_reading_again_starts_from_the_kinds_as_inferred(kinds):
    kind_box(kinds, "kod").set_value("number").run()
    button(kinds, "lab_kinds_apply").click().run()
    assert "Kinds chosen for columns start over" in words(kinds)
    choose(kinds, "Dates", True)
    assert dict(table(kinds).kinds) == {}
    assert table(kinds).column("kod").kind == "identifier"


def test_titanic_says_what_is_odd_without_opening_anything(app):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    said = words(app).replace("\\", "")
    assert "**alive** gives **survived** away" in said
    assert ":orange-badge[deck · 77 % missing]" in said
    assert ":gray-badge[class · same as pclass]" in said
    assert "107 rows (12 %) repeat an earlier one: after the split some stand on both sides" in said
    assert "sex ·" not in said


def test_constant_columns_ids_and_sorted_rows_are_said_on_the_card(app):
    rows = "".join(f"{i},7,note {i},{i // 20}\n" for i in range(60))
    upload(app.run(), f"row,unit,note,target\n{rows}".encode(), "t.csv")
    said = words(app).replace("\\", "")
    assert (
        "**row** numbers the rows and yet knows **target**" in said or "**row** seems to give **target** away" in said
    )
    assert ":orange-badge[unit · constant]" in said
    assert "Left out, nearly every row differs: note (identifier)." in said
    assert "repeat" not in said


def test_an_ordered_split_is_not_blamed_for_twins(app, lab):
    app.query_params["x"] = lab.store.submit(
        load_spec({"data": {"source": "sample:iris", "target": "species", "split": "in_order"}})
    )
    app.run()
    said = words(app)
    assert "1 row (\\< 1 %) repeats an earlier one." in said or "repeats an earlier one." in said
    assert "both sides" not in said
