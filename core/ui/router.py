"""What Streamlit runs for every page: the frame around it.

It sits here because a `pages` folder beside the main script would be run without it on a first visit to a deep link.
"""

from __future__ import annotations

import streamlit as st

from core.collector import ROUNDS
from core.plot import COLOURS
from core.ui.gate import GATE
from core.ui.people.sign_in import AUDIT, account_line, open_pages, remember_user, show_sign_in
from core.ui.sitemap import PAGES, page
from core.ui.trouble import tell_of_full_disk, told
from core.ui.words import language_choice, settle_language

_CURVES = f"""<path d="M2 3v21h23" fill="none" stroke="#7b8a87" stroke-width="1.6"/>
<path d="M4 5c3 12 8 15 21 16" fill="none" stroke="#1a8186" stroke-width="2.6" stroke-linecap="round"/>
<path d="M4 8c5 2 7 6 11 3s5-5 10-6" fill="none" stroke="{COLOURS[1]}" stroke-width="2" stroke-dasharray="3.4 3.4"/>"""
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 28" width="{width}" height="28">{content}</svg>'
_NAME = """<text x="35" y="20" textLength="72" lengthAdjust="spacingAndGlyphs" font-size="18" font-weight="600"
 font-family="'Source Sans Pro', 'Segoe UI', Helvetica, Arial, sans-serif" fill="#1a8186">Loss Lab</text>"""
# What is chosen or pointed at is written in the colour of a link, and the link that has the focus has a ring in it:
# that of the buttons is too dark for words on a dark page. A finger needs more room than a pointer.
_STYLE = """<style>
[data-testid="stButtonGroup"] [data-selected="true"] p,
button:is([data-testid="stBaseButton-tertiary"], [data-testid="stBaseButton-secondary"]):is(:hover, :active) p {{
  color: light-dark({}, {});
}}
:is([data-testid="stTopNavLink"], .sign-out):focus-visible {{ outline: 2px solid light-dark({}, {}) }}
.sign-out {{ display: inline-flex; align-items: center; gap: .25rem; min-height: 2.5rem; text-decoration: none }}
.sign-out, .sign-out:visited {{ color: inherit }}
.sign-out:is(:hover, :active) {{ color: light-dark({}, {}) }}
.sign-out-icon {{ font: 1.25rem / 1 "Material Symbols Rounded" }}
@media (pointer: coarse), (max-width: 640px) {{
  [data-testid="stRadioOption"], [data-testid="stCheckbox"] > label {{ min-height: 44px; align-items: center }}
  .sign-out {{ min-height: 44px }}
  [data-testid="stRadioGroup"][aria-orientation="vertical"] > div {{ gap: 0 }}
  [data-testid="stRadioGroup"][aria-orientation="vertical"] label {{ width: 100% }}
}}
[class*="st-key-lab_upload_"] [data-testid="stFileUploaderDropzoneInstructions"] {{ display: none }}
.st-key-page_name {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }}
</style>"""
_KNOWN = "known"
_LINKS = (st.get_option("theme.light.linkColor"), st.get_option("theme.dark.linkColor"))

with GATE.place(known=_KNOWN in st.session_state):
    st.session_state[_KNOWN] = True  # also ends the run here of whoever has gone meanwhile
    # A Material icon as favicon would be fetched from the internet.
    st.set_page_config(page_title="Loss Lab", page_icon=_SVG.format(width=28, content=_CURVES), layout="wide")
    st.html(_STYLE.format(*_LINKS * 3))
    st.logo(_SVG.format(width=110, content=_CURVES + _NAME), size="large")
    settle_language()
    tell_of_full_disk()
    remember_user()
    visible = open_pages()
    pages = [page(path, hidden=path not in visible) for path in PAGES if path != AUDIT or path in visible]
    chosen = st.navigation(pages, position="top" if visible else "hidden")
    if chosen.visibility == "hidden":
        told(show_sign_in)()
        language_choice()
    else:
        told(chosen.run)()
        language_choice(beside=account_line)
ROUNDS.ask()
