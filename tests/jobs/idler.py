"""A child that says it is ready and that it lives, and never carries out an order."""

import threading

from core.jobs.children.orders import begin_as_child


def main() -> None:
    _, voice = begin_as_child(500)
    voice.say(event="ready")
    threading.Event().wait()


if __name__ == "__main__":
    main()
