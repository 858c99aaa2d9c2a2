"""What a script that says messages needs before it in node."""

import json
from collections.abc import Mapping

from core.ui.words import SPEAKER, for_browser


def speaking(messages: Mapping[str, str | tuple[str, str]]) -> str:
    return f"{SPEAKER.read_text()}\nspeak({json.dumps(for_browser(messages))});\n"
