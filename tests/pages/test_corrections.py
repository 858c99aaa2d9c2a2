"""What was understood of an upload is said and can be corrected; a bad choice leaves everything as it was."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data.upload import upload as parsing
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
    next(b for b in app.button if b.label == "Read it this way").click().run()
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
    [("Encoding", "utf-8", "is not valid UTF-8 text"), ("Delimiter", "|", "there is one column")],
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
    choose(app, "Delimiter", ",")
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


def corrections_alone():
    from core.ui.data.card import data_card
    from core.ui.data.corrections import corrections
    from core.ui.lab import state as lab_state

    data_card(lab_state.current_table())
    corrections(lab_state.current_table())


@pytest.fixture
def view(lab):
    """The card and the table of names and kinds without the dialog around it, which AppTest cannot keep open."""
    app = AppTest.from_function(corrections_alone, default_timeout=60)
    return upload(app.run(), CZECH.encode(), "mesta.csv")


def shown(app, name, column="kind"):
    """Return what the table of names and kinds says of a column."""
    rows = app.data_editor[0].value.set_index("name")
    return rows.loc[name, column]


def edit(app, **changes):
    """Change cells of the table, which are only kept until `Apply`: {name: {"kind" or "name": value}}."""
    editor = app.data_editor[0]
    names = list(editor.value["name"])
    app.session_state[editor.key] = {
        "edited_rows": {names.index(name): change for name, change in changes.items()},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    assert not app.exception
    return app


def apply(app):
    button(app, "lab_corrections_apply").click().run()
    assert not app.exception


def test_a_kind_is_chosen_applied_and_undone(view):
    before = source(view)
    assert shown(view, "kod", "can_be") == "number, category, text, identifier"
    assert button(view, "lab_corrections_apply").disabled
    edit(view, kod={"kind": "number"})
    assert source(view) == before
    apply(view)
    assert source(view) != before
    assert table(view).column("kod").kind == shown(view, "kod") == "number"
    assert button(view, "lab_corrections_apply").disabled
    assert shown(view, "kod", "can_be") == "number, category, text, identifier (as inferred)"
    assert "kod (number)" in words(view).replace("\\", "")
    button(view, "lab_corrections_inferred").click().run()
    assert source(view) == before
    assert table(view).column("kod").kind == "identifier"
    assert not [b for b in view.button if b.key == "lab_corrections_inferred"]


def test_several_columns_change_at_once_and_add_up_from_what_was_inferred(view):
    apply(edit(view, kod={"kind": "category"}))
    apply(edit(view, kod={"kind": "number"}, den={"kind": "category"}))
    assert dict(table(view).kinds) == {"kod": "number", "den": "category"}
    assert table(view).frame["kod"].dtype == "int64"


def test_a_renamed_column_stays_the_target_and_keeps_its_kind(view):
    view.get_by_key("lab_target").set_value("cena").run()
    before = source(view)
    apply(edit(view, cena={"name": "price"}, kod={"kind": "category", "name": " code "}))
    assert list(table(view).frame.columns) == ["město", "price", "code", "den"]
    assert view.session_state.lab_base.data.target == view.get_by_key("lab_target").value == "price"
    assert table(view).column("code").kind == "category"
    apply(edit(view, price={"name": "cost"}))
    assert list(table(view).frame.columns) == ["město", "cost", "code", "den"]
    assert dict(table(view).kinds) == {"code": "category"}
    button(view, "lab_corrections_inferred").click().run()
    assert source(view) == before
    assert view.session_state.lab_base.data.target == "cena"


def test_inputs_that_were_chosen_follow_their_new_names(view):
    view.session_state.lab_base = view.session_state.lab_base.model_copy(
        update={"data": view.session_state.lab_base.data.model_copy(update={"features": ("cena", "den")})}
    )
    apply(edit(view.run(), cena={"name": "price"}))
    assert view.session_state.lab_base.data.features == ("price", "den")


def test_a_file_without_a_header_gets_names(view):
    upload(view, "".join(f"{i * 7 % 13},{i / 4},{i % 3}\n" for i in range(60)).encode(), "t.csv")
    assert list(table(view).frame.columns) == ["column 1", "column 2", "column 3"]
    apply(edit(view, **{"column 1": {"name": "size"}, "column 3": {"name": "species"}}))
    assert list(table(view).frame.columns) == ["size", "column 2", "species"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "cena"}, "kod: the name cena is taken"),
        ({"name": ""}, "kod: a name is plain text"),
        ({"name": None}, "kod: a name is plain text"),
        ({"name": "a\u202eb"}, "kod: a name is plain text"),
        ({"kind": "date"}, "kod: cannot be read as date; allowed: number, category, text, identifier."),
    ],
)
def test_what_cannot_be_is_said_at_once_and_not_applied(view, change, sentence):
    before = source(view)
    edit(view, kod=change)
    (error,) = view.error
    assert sentence in error.value.replace("\\", "").replace("\u2060", "")
    assert button(view, "lab_corrections_apply").disabled
    assert source(view) == before
    edit(view, kod={"kind": "text"})
    assert not view.error


def test_columns_that_look_like_codes_become_categories_in_one_click(view):
    rows = "".join(f"{100 + i},{i % 5},{i % 3 + 1},{i % 2},{i % 4 / 2},{i * 7 % 40},{i % 3}\n" for i in range(80))
    upload(view, f"id,grade,ward,flag,half,age,outcome\n{rows}".encode(), "t.csv")
    assert view.session_state.lab_base.data.target == "outcome"
    offer = button(view, "lab_corrections_codes")
    assert offer.label == "Make 2 whole-number columns categories"
    assert "grade, ward" in offer.help.replace("\\", "")
    offer.click().run()
    assert not view.exception
    assert dict(table(view).kinds) == {"grade": "category", "ward": "category"}
    assert not [b for b in view.button if b.key == "lab_corrections_codes"]


def test_one_click_keeps_what_was_corrected_before_and_what_is_not_yet_applied(view):
    upload(view, ("grade,x,y\n" + "".join(f"{i % 5},{i / 7},{i % 2}\n" for i in range(80))).encode(), "t.csv")
    apply(edit(view, x={"name": "length"}))
    edit(view, grade={"name": "mark"})
    button(view, "lab_corrections_codes").click().run()
    assert dict(table(view).names) == {"x": "length", "grade": "mark"}
    assert dict(table(view).kinds) == {"mark": "category"}


def test_every_column_of_a_wide_table_is_there(view):
    view.get_by_key("lab_sample").set_value("digits").run()
    assert list(view.data_editor[0].value["name"]) == list(table(view).frame.columns)


def test_a_kind_that_is_refused_leaves_the_table_as_it_was(view, monkeypatch):
    before = source(view)
    edit(view, kod={"kind": "number"})
    monkeypatch.setattr("core.data.upload.upload.PATIENCE_SECONDS", 0.01)
    with parsing._turn, parsing._turn:
        apply(view)
    (error,) = view.error
    assert "other files are being read" in error.value
    assert source(view) == before
    assert shown(view, "kod") == "identifier"
    assert button(view, "lab_corrections_apply").disabled


def test_a_sample_can_be_corrected_too(view):
    view.get_by_key("lab_sample").set_value("digits").run()
    apply(edit(view, digit={"kind": "category"}))
    assert source(view).startswith("dataset:")
    assert "Handwritten digits" in words(view)
    assert view.session_state.lab_base.data.target == "digit"
    button(view, "lab_corrections_inferred").click().run()
    assert source(view) == "sample:digits"


def test_a_table_written_into_the_experiment_can_be_corrected_too(view):
    columns = {"size": [1, 2, 3, 2, 1, 3], "y": [1.5, 2, 3, 4, 5, 6.5]}
    view.session_state.lab_base = load_spec({"data": {"source": {"columns": columns}, "target": "y"}})
    apply(edit(view.run(), size={"kind": "category"}))
    assert table(view).frame["size"].tolist() == ["1", "2", "3", "2", "1", "3"]
    button(view, "lab_corrections_inferred").click().run()
    assert table(view).frame["size"].tolist() == columns["size"]
    assert view.session_state.lab_base.data.target == "y"


def test_reading_again_starts_from_what_was_inferred(view):
    apply(edit(view, kod={"kind": "number", "name": "code"}))
    assert "Names and kinds chosen for columns start over" in words(view)
    choose(view, "Dates", True)
    assert (dict(table(view).kinds), dict(table(view).names)) == ({}, {})
    assert table(view).column("kod").kind == "identifier"


def test_an_identifier_among_the_inputs_is_said_and_left_out_by_one_click(app):
    rows = "".join(f"{7000 + i},{i * 37 % 101 / 4},{i * 53 % 7}\n" for i in range(70))
    upload(app.run(), f"patient,size,target\n{rows}".encode(), "t.csv")
    assert "**patient** tells the rows apart like an identifier, and is among the inputs" in words(app)
    before = app.session_state.lab_base.data
    leave_out = button(app, "lab_leave_out_identifiers")
    assert leave_out.label == "Leave patient out"
    leave_out.click().run()
    assert not app.exception
    assert app.session_state.lab_base.data.features == ("size",)
    assert app.session_state.lab_base.data.target == before.target
    assert "tells the rows apart" not in words(app)


def test_an_identifier_is_no_news_where_it_is_left_out_or_all_there_is(app):
    people = "".join(f"person {i},{i * 37 % 101},{i % 2}\n" for i in range(70))
    upload(app.run(), f"name,size,target\n{people}".encode(), "t.csv")
    assert "Left out, because nearly every row differs: name (identifier)." in words(app).replace("\\", "")
    assert "tells the rows apart" not in words(app)
    upload(app, ("x,y\n" + "".join(f"{i},{i * 53 % 7}\n" for i in range(70))).encode(), "t.csv")
    assert "tells the rows apart" not in words(app)
    assert not [b for b in app.button if b.key == "lab_leave_out_identifiers"]


def test_titanic_says_what_is_odd_without_opening_anything(app):
    upload(app.run(), (DATA / "titanic.csv").read_bytes(), "titanic.csv")
    said = words(app).replace("\\", "")
    assert "alive is survived in other words" in said
    assert ":orange-badge[deck · 77 % missing]" in said
    assert ":gray-badge[class · same as pclass]" in said
    assert "107 rows (12 %) repeat an earlier one: after the split some are on both sides" in said
    assert "sex ·" not in said


def test_constant_columns_ids_and_sorted_rows_are_said_on_the_card(app):
    rows = "".join(f"{i},7,note {i},{i // 20}\n" for i in range(60))
    upload(app.run(), f"row,unit,note,target\n{rows}".encode(), "t.csv")
    said = words(app).replace("\\", "")
    assert "row numbers the rows and yet reveals target" in said
    assert ":orange-badge[unit · constant]" in said
    assert "Left out, because nearly every row differs: note (identifier)." in said
    assert "repeat" not in said


def test_an_ordered_split_is_not_blamed_for_twins(app, lab):
    app.query_params["x"] = lab.store.submit(
        load_spec({"data": {"source": "sample:iris", "target": "species", "split": "in_order"}})
    )
    app.run()
    said = words(app)
    assert "1 row (\\< 1 %) repeats an earlier one." in said or "repeats an earlier one." in said
    assert "both sides" not in said
