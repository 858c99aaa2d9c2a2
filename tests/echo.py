"""A child process for tests: prints stray words, says it is ready, then repeats what it is told."""

import json
import sys

from core.child import Voice


def main() -> None:
    voice = Voice()
    sys.stdout.write('{"event": "stray"}\n')
    sys.stdout.flush()
    voice.say(event="ready", argument=sys.argv[1])
    for line in sys.stdin:
        voice.say(**json.loads(line))


if __name__ == "__main__":
    main()
