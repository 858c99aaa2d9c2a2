"""What a script that says messages needs before it in node."""

import json

from core.ui.words import SPEAKER, Messages, for_browser


def speaking(messages: Messages) -> str:
    return f"{SPEAKER.read_text()}\nspeak({json.dumps(for_browser(messages))});\n"
