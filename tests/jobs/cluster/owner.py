"""A process with a lab over a Dask cluster, to be killed: submits one long run, says so once it trains, and waits.

The argument is the lab's settings as JSON.
"""

import json
import sys

from core.settings import Settings
from tests.jobs.cluster.conftest import DaskLabs
from tests.jobs.conftest import fake_spec, until
from tests.jobs.fake import SLOW


def main() -> None:
    lab = DaskLabs().start(Settings.model_validate_json(sys.argv[1]))
    experiment = lab.store.submit(fake_spec(SLOW, epochs=1000))
    until(lambda: lab.store.news(experiment).points, 60)
    sys.stdout.write(json.dumps({"experiment": experiment}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
