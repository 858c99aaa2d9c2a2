"""The lessons: a gallery, and one lesson at a time to predict, run and understand."""

from __future__ import annotations

import streamlit as st

from core.ui.classroom.present import PRESENT, show_presenter
from core.ui.lessons.page import gallery, show_lesson
from core.ui.lessons.state import lesson_at

wanted = st.query_params.get("lesson", "")
lesson = lesson_at(wanted)
if lesson is None:
    gallery(unknown=bool(wanted))
elif PRESENT in st.query_params:
    show_presenter(lesson)
else:
    show_lesson(lesson)
