"""Two people, an admin, a guest and a stranger against every method, route and page: what each sees, and changes.

The methods, routes and pages are found, not listed: one that is new fails here until it has a rule.
"""

import inspect
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.errors import InputRefused
from core.jobs.diagnosers.diagnoses import Diagnoses
from core.jobs.storage import viewer as rules
from core.jobs.storage.store import Store
from core.jobs.storage.viewer import Reach
from core.ui.people.proxy import FromProxy
from core.ui.routes import make_routes
from core.ui.sitemap import PAGES
from tests.pages.conftest import ROUTER
from tests.pages.spoken import lines

from .conftest import EMAILS, SECRET, case, viewer_named

ROOT = Path(__file__).parents[3]
SEES, UNKNOWN, REFUSED = "sees", "unknown", "refused"
READS = {
    "experiment": lambda store, it: store.experiment(it.experiment),
    "run_specs": lambda store, it: store.run_specs(it.experiment),
    "news": lambda store, it: store.news(it.experiment).runs,
    "pictures": lambda store, it: store.pictures(it.experiment, [1]),
    "results": lambda store, it: store.results(it.experiment, [0]),
    "unfinished": lambda store, it: store.unfinished(it.trial),
    "diagnoses.get": lambda store, it: store.diagnoses.get(it.diagnosis),
    "diagnoses.first_news": lambda store, it: store.diagnoses.first_news(it.diagnosis, 0),
    "diagnoses.newest": lambda store, it: store.diagnoses.newest(it.known, 0),
}
WRITES = {
    "keep": lambda store, it: store.keep(it.experiment),
    "cancel": lambda store, it: store.cancel(it.experiment),
    "delete": lambda store, it: store.delete(it.experiment),
    "share": lambda store, it: store.share(it.experiment, Reach.TEAM),
    "diagnoses.ask": lambda store, it: store.diagnoses.ask(it.known, 0),
    "diagnoses.cancel": lambda store, it: store.diagnoses.cancel(it.diagnosis),
}
WITHOUT_AN_ID = {
    "submit", "submit_runs", "find", "experiments", "seen_by", "close", "diagnoses.recent", "diagnoses.seen_by",
}  # fmt: skip
"""Each has a test of its own here, or shows nothing of an experiment."""

WHO = {
    # Who asks, and whom the experiment is shared with → what reading does, what changing does.
    ("owner", Reach.PRIVATE): (SEES, SEES),
    ("other", Reach.PRIVATE): (UNKNOWN, UNKNOWN),
    ("guest", Reach.PRIVATE): (UNKNOWN, UNKNOWN),
    ("stranger", Reach.PRIVATE): (UNKNOWN, UNKNOWN),
    ("admin", Reach.PRIVATE): (SEES, SEES),
    ("owner", Reach.LINK): (SEES, SEES),
    ("other", Reach.LINK): (SEES, REFUSED),
    ("guest", Reach.LINK): (UNKNOWN, UNKNOWN),
    ("stranger", Reach.LINK): (UNKNOWN, UNKNOWN),
    ("admin", Reach.LINK): (SEES, SEES),
    ("owner", Reach.TEAM): (SEES, SEES),
    ("other", Reach.TEAM): (SEES, REFUSED),
    ("guest", Reach.TEAM): (UNKNOWN, UNKNOWN),
    ("stranger", Reach.TEAM): (UNKNOWN, UNKNOWN),
    ("admin", Reach.TEAM): (SEES, SEES),
}
MINE = {"unfinished"}
"""Asked of the trials of a diagnosis, which are never shared."""


def public(kind):
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_every_method_has_a_rule():
    known = public(Store) | {f"diagnoses.{name}" for name in public(Diagnoses)}
    assert known == READS.keys() | WRITES.keys() | WITHOUT_AN_ID


def outcome(call, store, it):
    """What a call did: nothing was found, or one was refused in a sentence, or it has an answer."""
    try:
        return "answer", call(store, it)
    except InputRefused as refusal:
        return "refusal", str(refusal)


class Nowhere:
    """What nobody has: ids that were never given out."""

    experiment = trial = diagnosis = "AAAAAAAAAAAAAAAA"

    def __init__(self, known):
        from dataclasses import replace

        self.known = replace(known, id=self.experiment)


def judged(call, store, it):
    """How a call went, beside the same call for what does not exist."""
    found, nothing = outcome(call, store, it), outcome(call, store, Nowhere(it.known))
    if found == nothing:
        return UNKNOWN
    return REFUSED if found == ("refusal", rules._NOT_YOURS) else SEES if found[0] == "answer" else found


@pytest.mark.parametrize(("who", "reach"), WHO, ids=str)
def test_every_method_keeps_the_rules(lab, who, reach):
    reading, changing = WHO[who, reach]
    owner, theirs = viewer_named("owner", lab.settings), lab.store.seen_by(viewer_named(who, lab.settings))
    expected, found = {}, {}
    for name, call in (READS | WRITES).items():
        it = case(lab.store, owner, reach)
        expected[name] = reading if name in READS else changing
        if name in MINE and who == "other":
            expected[name] = UNKNOWN
        found[name] = judged(call, theirs, it)
        if expected[name] != SEES:
            assert lab.store.experiment(it.experiment).runs == it.known.runs
            assert lab.store.diagnoses.get(it.diagnosis).state == "running"
    assert found == expected


def test_lists_have_what_is_theirs_and_what_is_the_teams(lab):
    owner = viewer_named("owner", lab.settings)
    made = {reach: case(lab.store, owner, reach) for reach in Reach}
    listed = {}
    for who in ("owner", "other", "admin", "guest", "stranger"):
        viewer = viewer_named(who, lab.settings)
        theirs = lab.store.seen_by(viewer)
        ids = {summary.id for summary in theirs.experiments(seen_by=viewer.owners)}
        diagnosed = {diagnosis.experiment for diagnosis in theirs.diagnoses.recent(seen_by=viewer.owners)}
        assert ids == diagnosed
        listed[who] = {reach for reach, it in made.items() if it.experiment in ids}
    assert listed == {
        "owner": set(Reach), "other": {Reach.TEAM}, "admin": {Reach.TEAM}, "guest": set(), "stranger": set(),
    }  # fmt: skip
    before = lab.store.seen_by(viewer_named("other", lab.settings)).experiments(before=made[Reach.PRIVATE].experiment)
    assert before == ()  # an id that is not to be seen is no place in a list


def test_the_same_key_of_two_people_names_two_experiments(lab):
    from tests.jobs.conftest import fake_spec
    from tests.jobs.fake import QUICK

    owner, other = (lab.store.seen_by(viewer_named(who, lab.settings)) for who in ("owner", "other"))
    first = owner.submit(fake_spec(QUICK), "press")
    assert owner.submit(fake_spec(QUICK), "press") == first
    assert other.submit(fake_spec(QUICK), "press") != first
    assert other.find("press") is None
    second = owner.submit_runs(fake_spec(QUICK).runs(), "runs")
    assert other.submit_runs(fake_spec(QUICK).runs(), "runs") != second
    assert lab.store.submit(fake_spec(QUICK), "press") not in {first, second}


def test_nobody_submits_in_the_name_of_somebody_else(lab):
    from tests.jobs.conftest import fake_spec
    from tests.jobs.fake import QUICK

    owner, other = (viewer_named(who, lab.settings) for who in ("owner", "other"))
    slipped = lab.store.seen_by(other).submit(fake_spec(QUICK), owner=owner.owner)
    with pytest.raises(InputRefused, match="no such experiment"):
        lab.store.seen_by(owner).experiment(slipped)
    for who in ("guest", "stranger"):
        with pytest.raises(InputRefused, match="Sign in first"):
            lab.store.seen_by(viewer_named(who, lab.settings)).submit(fake_spec(QUICK))


def test_what_belongs_to_the_lab_is_seen_by_people_and_changed_by_admins(lab):
    from tests.jobs.conftest import fake_spec
    from tests.jobs.fake import QUICK

    example = lab.store.submit(fake_spec(QUICK), "example")
    other = lab.store.seen_by(viewer_named("other", lab.settings))
    assert other.find("example") == example
    assert not other.experiment(example).changeable
    with pytest.raises(InputRefused, match="Only whoever ran"):
        other.delete(example)
    for who in ("guest", "stranger"):
        assert lab.store.seen_by(viewer_named(who, lab.settings)).find("example") is None
    lab.store.seen_by(viewer_named("admin", lab.settings)).delete(example)


def test_a_class_and_its_guests_see_what_its_members_have_run(lab):
    from core.jobs.storage.viewer import Viewer
    from tests.jobs.conftest import fake_spec
    from tests.jobs.fake import QUICK

    key = lab.store.classrooms.open(["scaling"], 60)
    secret = lab.store.classrooms.join(lab.store.classrooms.conducted_with(key).code, "here")
    _, member = lab.store.classrooms.of_member(secret)
    learner = Viewer(member.id, frozenset({member.id}), guest=True)
    experiment = lab.store.seen_by(learner).submit(fake_spec(QUICK), owner=member.id)
    assert lab.store.seen_by(learner).experiment(experiment).changeable
    assert not lab.store.seen_by(viewer_named("guest", lab.settings)).experiment(experiment).changeable
    assert lab.store.seen_by(viewer_named("other", lab.settings)).experiment(experiment)
    with pytest.raises(InputRefused, match="no such experiment"):
        lab.store.seen_by(viewer_named("stranger", lab.settings)).experiment(experiment)
    lab.store.classrooms.end(key)
    with pytest.raises(InputRefused, match="no such experiment"):
        lab.store.seen_by(learner).experiment(experiment)


def test_what_people_keep_is_not_taken_for_what_a_closed_tab_has_left(lab):
    from core.jobs.classroom.classrooms import OWN_SECONDS, remove_ended
    from core.jobs.storage import schema

    owner = viewer_named("owner", lab.settings)
    lab.store.people.remember(owner.person)
    it = case(lab.store, owner)
    lab.store.diagnoses.cancel(it.diagnosis)
    with lab.store.database.write() as connection:
        table = schema.experiment
        connection.execute(table.update().values(created=table.c.created - 2 * OWN_SECONDS))
    remove_ended(lab.store.database)
    assert lab.store.experiment(it.experiment)


ROUTES: dict[str, str | None] = {
    "/lab": None,
    "/api/health": None,
    "/api/metrics": None,
    "/assets/plotly.min.js": None,
    "/api/experiments/{experiment}/points": "?since=0",
    "/api/experiments/{experiment}/pictures": "?runs=1",
}
"""Path → what else the address of an experiment's has; None of a route that tells of none."""


def asked(client, who, path):
    headers = {"X-Forwarded-Email": EMAILS[who]} if who in EMAILS else {}
    reply = client.get(path, headers=headers, follow_redirects=False)
    return reply.status_code, reply.text


@pytest.mark.parametrize(("who", "reach"), WHO, ids=str)
def test_every_route_keeps_the_rules(lab, monkeypatch, who, reach):
    routes = make_routes(lambda: lab)
    assert {route.path for route in routes} == ROUTES.keys()
    app = Starlette(routes=routes, middleware=[Middleware(FromProxy, settings=lambda: lab.settings)])
    client, it = TestClient(app), case(lab.store, viewer_named("owner", lab.settings), reach)
    for path, more in ROUTES.items():
        if more is None:
            assert it.experiment not in asked(client, who, path)[1]
            continue
        status, body = asked(client, who, path.format(experiment=it.experiment) + more)
        nothing = asked(client, who, path.format(experiment=Nowhere.experiment) + more)
        assert nothing[0] == 404
        if WHO[who, reach][0] == SEES:
            assert status == 200
        else:
            assert (status, body) == nothing


def test_strangers_hear_that_the_lab_is_well_and_nothing_else(lab):
    client = TestClient(Starlette(routes=make_routes(lambda: lab)))
    assert list(client.get("/api/health").json()) == ["status"]
    assert "queued" in client.get("/api/health", headers={"X-Forwarded-Email": EMAILS["other"]}).json()
    told = client.get("/api/metrics")
    assert (told.status_code, told.content) == (403, b"")
    assert "losslab_runs_queued" in client.get("/api/metrics", headers={"X-Forwarded-Email": EMAILS["other"]}).text


ADDRESSES: dict[str, list[dict[str, str]]] = {
    "lab": [{"x": "{experiment}"}],
    "diagnose": [{"x": "{experiment}"}, {"x": "{experiment}", "run": "1"}, {"d": "{diagnosis}"}],
    "lessons": [{"lesson": "scaling", "x": "{experiment}", "guess": "0"}],
    "class": [{}],
    "audit": [{}],
    "runs": [{"before": "{experiment}"}, {}],
}
"""Page → the addresses in which it can name what somebody has run."""
LATER = [path for path in PAGES if path not in {"audit", "lab"}]
"""Pages looked at by the slow tests: a page is drawn twice for each of five people."""
SHOWS = {"lab", "diagnose"}
"""Pages on which an experiment of no lesson is shown to whoever may see it."""


def page_for(who, path, address):
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    app.user = {"email": EMAILS.get(who)}
    app.run()
    app.query_params.update(address)
    app.switch_page(f"../../pages/{path}.py").run()
    assert not app.exception
    return app


@pytest.mark.parametrize("who", ["owner", "other", "link", "admin", "guest"])
@pytest.mark.parametrize("path", ["lab", *(pytest.param(path, marks=pytest.mark.slow) for path in LATER)])
@pytest.mark.timeout(300)
def test_every_page_keeps_the_rules(lab, path, who):
    assert ADDRESSES.keys() == PAGES.keys()
    reach = Reach.LINK if who == "link" else Reach.PRIVATE
    it = case(lab.store, viewer_named("owner", lab.settings), reach)
    asks = "other" if who == "link" else who
    for address in ADDRESSES[path]:
        named, nowhere = (
            {name: value.format(experiment=one.experiment, diagnosis=one.diagnosis) for name, value in address.items()}
            for one in (it, Nowhere)
        )
        app = page_for(asks, path, named)
        everything = " ".join([*lines(app), *(component.proto.json for component in app.get("bidi_component"))])
        if who not in {"other", "guest"}:
            if path in SHOWS:
                assert lines(app) != lines(page_for(asks, path, nowhere))
            assert path != "lab" or SECRET in everything
        else:
            assert SECRET not in everything
            assert it.experiment not in everything
            assert lines(app) == lines(page_for(asks, path, nowhere))


def test_pages_ask_for_experiments_in_nobody_elses_name():
    for path in (*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")):
        if path.name not in {"mine.py", "audit.py"}:  # the audit is for admins alone, and names no spec
            found = re.findall(
                r"(?:get_lab|lab)\(\)\.store\b(?!\.(?:datasets|classrooms|people|tokens|run_bytes|database\.room)\b)",
                path.read_text(),
            )
            assert not found, path
