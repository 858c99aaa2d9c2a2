"""A process that owns a lab, to be killed: submits one long run, says so on stdout, and waits.

Arguments: the data folder; what the trainers do, by default the work of a fake.
"""

import json
import sys
from pathlib import Path

from core.settings import Settings
from tests.jobs.conftest import FAKE, Labs, fake_spec, trainer_pids, until
from tests.jobs.fake import SLOW


def main() -> None:
    settings = Settings(data=Path(sys.argv[1]), slots=2)
    lab = Labs().start(settings, sys.argv[2] if len(sys.argv) > 2 else FAKE)
    experiment = lab.store.submit(fake_spec(SLOW, epochs=200))
    # One trainer in training, one idle: both must notice the death of this process.
    until(lambda: lab.store.news(experiment).points and len(trainer_pids(lab)) == 2)
    heavy = [name for name in ("tensorflow", "keras", "streamlit") if name in sys.modules]
    sys.stdout.write(json.dumps({"experiment": experiment, "pids": trainer_pids(lab), "heavy": heavy}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
