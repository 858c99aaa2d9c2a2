"""Who sees an experiment: its owner says so, all others are told whose it is and can copy it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.jobs.lab import get_lab
from core.jobs.storage.records import Experiment
from core.jobs.storage.viewer import Reach
from core.ui.classroom.links import absolute, say_where_it_works
from core.ui.people.mine import my_store
from core.ui.sitemap import page
from core.ui.text import inert
from core.ui.trouble import attempted
from core.ui.words import later, t

_NAMES: Final = {
    Reach.PRIVATE: (":material/lock:", later("Private")),
    Reach.LINK: (":material/link:", later("Shared by link")),
    Reach.TEAM: (":material/group:", later("Shared with the team")),
}
_MEANINGS: Final = {
    Reach.PRIVATE: later("You and the admins of this lab see it."),
    Reach.LINK: later("Whoever has signed in and has the link sees it."),
    Reach.TEAM: later("Whoever has signed in sees it and finds it under *Runs*."),
}


def sharing(experiment: Experiment) -> None:
    """Offer to share an experiment or, where it is somebody else's, a copy of it."""
    if not experiment.changeable:
        _offer_copy(experiment)
        return
    icon, name = _NAMES[experiment.reach]
    with st.popover(t(name), icon=icon, type="tertiary", key="share_menu"):
        st.radio(
            t("Who sees this experiment"),
            list(Reach),
            index=list(Reach).index(experiment.reach),
            format_func=lambda reach: t(_NAMES[reach][1]),
            captions=[t(words) for words in _MEANINGS.values()],
            key=f"share_reach_{experiment.id}",
            on_change=_share,
            args=(experiment.id,),
        )
        if experiment.reach != Reach.PRIVATE:
            st.code(absolute("lab", x=experiment.id), language=None, wrap_lines=True)
            say_where_it_works()


def say_who_sees(experiment: Experiment) -> None:
    """Say who sees the curves behind a link."""
    st.caption(f"{_NAMES[experiment.reach][0]} {t(_MEANINGS[experiment.reach])}")


def _offer_copy(experiment: Experiment) -> None:
    name = get_lab().store.people.name(experiment.owner) if experiment.owner else ""
    with st.container(horizontal=True, vertical_alignment="center", key="share_copy"):
        whose = t("Run by {name}. You can look at it; a copy is yours to change.", name=inert(name))
        st.caption(whose if name else t("You can look at it; a copy is yours to change."), width="content")
        st.button(
            t("Copy"), icon=":material/content_copy:", type="tertiary", key="share_copy_button",
            help=t("Trains the same runs again, as an experiment of your own."), on_click=_copy, args=(experiment,),
        )  # fmt: skip


@attempted
def _share(identity: str) -> None:
    my_store().share(identity, Reach(st.session_state[f"share_reach_{identity}"]))


@attempted
def _copy(experiment: Experiment) -> None:
    store, key, runs = my_store(), f"copy:{experiment.id}", [run.spec for run in experiment.runs]
    if [run.hash() for run in runs] == [run.hash() for run in experiment.spec.runs()]:
        copied = store.submit(experiment.spec, key)
    else:
        copied = store.submit_runs(runs, key, title=experiment.title)
    st.switch_page(page("lab"), query_params={"x": copied})
