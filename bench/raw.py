"""The floor in NetBox: posts ready-made lists of records, and does nothing else.

Run as a process of its own: `python -m bench.raw BATCHES CONNECTIONS`, BATCHES being a JSON file with a list of
[path, records]. NETBOX_URL and NETBOX_TOKEN come from the environment.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

DEADLINE_SECONDS = 600


def _post(batch: tuple[str, list[object]]) -> None:
    path, records = batch
    request = Request(
        os.environ["NETBOX_URL"] + path,
        data=json.dumps(records).encode(),
        headers={"Authorization": f"Bearer {os.environ['NETBOX_TOKEN']}", "Content-Type": "application/json"},
        method="POST",
    )
    with urlopen(request, timeout=DEADLINE_SECONDS) as answer:
        answer.read()


def main() -> None:
    """Post all batches over as many connections as asked."""
    batches = json.loads(Path(sys.argv[1]).read_text())
    with ThreadPoolExecutor(int(sys.argv[2])) as pool:
        list(pool.map(_post, batches))


if __name__ == "__main__":
    main()
