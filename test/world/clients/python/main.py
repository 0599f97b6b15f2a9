"""`python main.py URL TOKEN BAD_TOKEN CASE_ID...` runs every client twice: with the token, for ever, and with the bad one.

Each prints JSON lines, as test/world/client-program.ts reads them.
"""

import asyncio
import json
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import Any, Callable

from event_streams import EVENT_STREAMS
from sockets import ASYNC_SOCKETS, SOCKETS

LONGEST_RUN_S = 300
PRINTING = threading.Lock()


@dataclass(frozen=True)
class Trial:
    url: str
    token: str
    case_ids: list[str]
    # The name of an event, and its data.
    hear: Callable[[str, Any], None]
    # What the library said.
    refused: Callable[[str], None]


def say(client: str, event: str, data: Any) -> None:
    with PRINTING:
        print(json.dumps({"client": client, "event": event, "data": data}), flush=True)


def trials_of(client: str) -> list[Trial]:
    url, token, bad_token, *case_ids = sys.argv[1:]

    def heard_with_bad_token(event: str, _data: Any) -> None:
        if event == "ready":
            say(client, "served", "with a bad token")

    return [
        Trial(url, token, case_ids, lambda event, data: say(client, event, data), lambda by: say(client, "error", by)),
        Trial(url, bad_token, case_ids, heard_with_bad_token, lambda by: say(client, "refused", by)),
    ]


def run(start: Callable[[Trial], None], trial: Trial) -> None:
    try:
        start(trial)
    except Exception:  # A library that fails is what this program is to find.
        trial.refused(traceback.format_exc())


async def run_async(start: Callable[[Trial], Any], trial: Trial) -> None:
    try:
        await start(trial)
    except Exception:
        trial.refused(traceback.format_exc())


async def run_all_async() -> None:
    await asyncio.gather(
        *(run_async(start, trial) for client, start in ASYNC_SOCKETS.items() for trial in trials_of(client))
    )


def main() -> None:
    for client, start in {**EVENT_STREAMS, **SOCKETS}.items():
        for trial in trials_of(client):
            threading.Thread(target=run, args=(start, trial), daemon=True).start()
    threading.Thread(target=lambda: asyncio.run(run_all_async()), daemon=True).start()
    # The program that started it may have been killed.
    time.sleep(LONGEST_RUN_S)
    os._exit(1)


main()
