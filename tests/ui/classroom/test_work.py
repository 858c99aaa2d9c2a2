"""What learners take home: pictures, the report and the file."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from benchmarks.words import messages
from core.errors import InputRefused
from core.lessons import LESSONS
from core.ui.classroom.curves import Curve, Drawing, curves_svg
from core.ui.classroom.report import report
from core.ui.classroom.work import LARGEST_FILE, LessonWork, Part, Work, from_file, to_file
from core.ui.words import spoken_in

FIRST = LESSONS[0]
EVIL = "<script>alert(1)</script>\"'&<img src=x onerror=a()>"


def curve(points, **more):
    return Curve(**{"name": "none", "variant": 0, "points": points} | more)


def drawing(**more):
    falling = tuple((epoch, 10.0 / epoch) for epoch in range(1, 101))
    return Drawing(curves=(curve(falling), curve(falling, name="minmax", variant=1)), **{"baseline": 5.0} | more)


def work(name="Blue Heron", **more):
    part = Part(experiment="abc", drawing=drawing(), changed=("Scaling: none → minmax",))
    told = ("**Why.** The loss is *0.5*.", "It fell.")
    done = LessonWork(
        lesson=FIRST.id, **{"guess": 1, "answered": True, "runs": part, "repair": part, "told": told} | more
    )
    return Work(name=name, saved="2026-11-29 22:00 UTC", lessons=(done,))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def tags(html):
    parser = Tags()
    parser.feed(html)
    return parser


def test_a_picture_names_each_curve_and_the_baseline():
    svg = curves_svg(drawing())
    assert {">none<", ">minmax<", ">baseline<", ">epoch<"} <= set(re.findall(r">[a-z]+<", svg))
    assert "Loss by epoch: none ends at 0.1; minmax ends at 0.1" in svg
    assert "race" not in svg.replace('class="race"', "")


def test_curves_that_race_have_their_names_meanwhile_in_an_order_that_tells_no_end():
    first, second = (curve(((1, 4.0), (2, end)), name=name) for end, name in ((2.0, "first"), (3.0, "second")))
    racing = curves_svg(Drawing(curves=(first, second)), race=1)
    assert re.findall(">(first|second)<", racing.partition('class="runners"')[2]) == ["first", "second"]
    assert re.findall(">(first|second)<", racing.partition('class="ends"')[2])[:2] == ["second", "first"]
    assert "runners" not in curves_svg(Drawing(curves=(first, second)))


def test_the_band_spans_the_seeds():
    spread = curve(((1, 4.0), (2, 2.0)), band=((1, 3.0, 8.0), (2, 1.0, 5.0)))
    assert curves_svg(Drawing(curves=(spread,))).count('Z" fill=') == 1
    assert 'Z" fill=' not in curves_svg(drawing())


def test_names_beside_the_curves_do_not_touch():
    svg = curves_svg(drawing(baseline=0.1))
    heights = sorted(float(y) for y in re.findall(r'<text x="814" y="([\d.]+)"', svg))
    assert len(heights) == 3
    assert min(b - a for a, b in pairwise(heights)) >= 26
    assert heights[-1] < 470


LONG = "1, A · Lernrate 0.0001, drei Schichten"


def names_in(svg):
    """The names beside the curves, with what is told of one that is pointed at, and the edge of the picture."""
    return re.findall(r'<text x="[\d.]+" y="[\d.]+">(?:<title>([^<]*)</title>)?([^<]*)</text>', svg)


def test_a_name_has_the_room_there_is_and_is_whole():
    svg = curves_svg(Drawing(curves=(curve(((1, 4.0), (2, 2.0)), name=LONG),)))
    assert names_in(svg) == [("", LONG)]


@pytest.mark.parametrize("name", ["W" * 200, "i" * 200, "層" * 200])
def test_a_name_that_has_no_room_is_cut_and_whole_when_pointed_at(name):
    wide = curves_svg(Drawing(curves=(curve(((1, 4.0), (2, 2.0)), name=name, diverged_at=3),)), race=1)
    for whole, shown in names_in(wide):
        assert whole.removesuffix(", NaN at 3") == name
        cut, end = shown.removesuffix(", NaN at 3").rsplit("…", 1)
        assert name.startswith(cut)
        assert end == ""
        assert len(cut) > 8
    assert sum(shown.endswith("NaN at 3") for _, shown in names_in(wide)) == 1
    narrow = curves_svg(Drawing(curves=(curve(((1, 4.0), (2, 2.0)), name=name),)), width=600)
    assert len(names_in(narrow)[0][1]) < len(names_in(wide)[0][1])


def test_a_picture_and_a_report_are_german_for_a_german_reader():
    with spoken_in("de"):
        svg, html = curves_svg(drawing(baseline=1234.5)), report(work(attempts=3, solved=False))
    assert {">none<", ">Baseline<", ">Epoche<"} <= set(re.findall(r">[A-Za-z]+<", svg))
    assert "Verlust je Epoche: none endet bei 0,1; minmax endet bei 0,1" in svg
    assert '<html lang="de">' in html
    for told in ("Laborbericht von Blue Heron", "Meine Vorhersage:", "Die Übung", "Versuche: 3. Noch nicht gelöst."):
        assert told in html
    english = [message for message in messages() if isinstance(message, str) and len(message.split()) > 1]
    assert [message for message in english if f">{message}" in html] == []


def test_a_curve_that_became_nan_is_crossed_and_says_when():
    svg = curves_svg(Drawing(curves=(curve(((1, 1.0), (2, 4.0)), diverged_at=3),)))
    assert "none, NaN at 3" in svg
    assert "l16 16" in svg


@pytest.mark.parametrize(
    "points",
    [
        ((1, 5.0),),
        ((1, 0.0), (2, 0.0)),
        ((1, -3.0), (2, 4.0)),
        ((1, 1e-12), (2, 1e30)),
        ((1, -1e100), (10**7, 1e100)),
        ((1, 5e-324), (2, 1.5e-323)),
        ((1, 5e-324), (2, 1.0)),
        ((1, 1e-99), (2, 1e99)),
    ],
)
def test_any_finite_curve_can_be_drawn(points):
    svg = curves_svg(Drawing(curves=(curve(points),)))
    assert "nan" not in svg
    assert "inf" not in svg.replace("inf-", "")
    assert "<path" in svg


def test_without_a_point_there_is_a_sentence_and_no_picture():
    assert "<svg" not in curves_svg(Drawing(curves=(curve(()),)))


def test_a_race_begins_anew_and_spares_who_prefers_rest():
    assert curves_svg(drawing(), race=1) != curves_svg(drawing(), race=2)
    assert "prefers-reduced-motion: no-preference" in curves_svg(drawing(), race=1)


def test_the_report_holds_what_was_done():
    html = report(work(attempts=3, solved=True))
    for told in ("Blue Heron", "2026-11-29", FIRST.options[1], FIRST.options[FIRST.answer], "Solved.", "Tries: 3"):
        assert told in html
    assert html.count("<svg") == 2
    assert "<b>Why.</b> The loss is <i>0.5</i>." in html


def test_an_answer_that_was_not_shown_is_not_in_the_report():
    html = report(work(answered=False, told=()))
    assert "The answer:" not in html
    assert "My prediction:" in html


def test_a_report_has_no_script_and_fetches_nothing():
    part = Part(experiment="abc", drawing=Drawing(curves=(curve(((1, 1.0), (2, 2.0)), name=EVIL),)), changed=(EVIL,))
    hostile = work(name=EVIL[:60], runs=part, told=(EVIL, EVIL))
    found = tags(report(hostile))
    assert not {"script", "img", "iframe", "link", "object", "a"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "default-src 'none'" in report(hostile)


def test_a_file_opens_as_it_was_saved():
    saved = work(attempts=2)
    assert from_file(to_file(saved)) == saved


def test_the_longest_words_a_lesson_may_have_fit_into_the_file():
    saved = work(told=("x" * 5000, "y" * 5000))
    assert from_file(to_file(saved)) == saved


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff\xfe", b"null", b'{"kind": "loss-lab-work"}', b"[" * 100_000, b"x" * (LARGEST_FILE + 1)],
)
def test_what_is_no_saved_work_is_refused_in_a_sentence(content):
    with pytest.raises(InputRefused) as refusal:
        from_file(content)
    assert len(str(refusal.value)) < 200
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lessons", 0, "runs", "drawing", "curves", 0, "points"), [[1, float("nan")]]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "points"), [[i, 1.0] for i in range(1, 5000)]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "points"), [["<b>", 1.0]]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "points"), [[1, -1.7e308], [2, 1.7e308]]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "points"), [[1, 1.0], [10**400, 1.0]]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "band"), [[1, -1.7e308, 1.7e308]]),
        (("lessons", 0, "runs", "drawing", "curves", 0, "diverged_at"), 10**400),
        (("lessons", 0, "runs", "drawing", "baseline"), 1.7e308),
        (("lessons", 0, "runs", "experiment"), "../../x"),
        (("lessons", 0, "lesson"), "<b>"),
        (("lessons", 0, "lesson"), "custom:../../0123456789"),
        (("lessons", 0, "guess"), 10**9),
        (("name",), "x" * 10_000),
        (("lessons",), [{}] * 1000),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(path, value):
    values = json.loads(to_file(work()))
    place = values
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(InputRefused) as refusal:
        from_file(json.dumps(values).encode())
    assert len(str(refusal.value)) < 400
