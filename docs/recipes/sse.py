"""Messages of tickets over Server-Sent Events: pip install httpx-sse

    POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position python sse.py https://pollcast.example CASE-1 CASE-2

It prints each event as its name and its JSON. It goes on where it was after any end of the stream, and when it is started anew.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse

TOKEN = Path(os.environ["POLLCAST_TOKEN_FILE"])
POSITION = Path(os.environ["POLLCAST_POSITION_FILE"])
# Waiting helps against every other refusal (PROTOCOL.md, section 5).
HOPELESS = {400, 403}


def headers() -> dict[str, str]:
    """They are made for each connection, so a renewed token counts at once."""
    position = POSITION.read_text() if POSITION.exists() else None
    return {
        "Authorization": f"Bearer {TOKEN.read_text().strip()}",
        **({"Last-Event-ID": position} if position else {}),
    }


def keep(position: str) -> None:
    """It is replaced as a whole, whenever this program is killed."""
    new = POSITION.with_suffix(".new")
    new.write_text(position)
    new.replace(POSITION)


def handle(name: str, data: Any) -> None:
    if name == "gap":
        print("Messages are missing: load these tickets from elsewhere.", file=sys.stderr)
    if name == "revoked":
        print("The token does not cover these tickets any more.", file=sys.stderr)
    print(name, json.dumps(data), flush=True)


def follow(client: httpx.Client, url: str, case_ids: list[str]) -> float:
    """Reads one stream to its end. Returns how long to wait before the next one, s."""
    retry_s = 2.0
    with connect_sse(client, "GET", f"{url}/v1/events", params={"case_ids": case_ids}, headers=headers()) as source:
        response = source.response
        if response.status_code != 200:
            refusal = response.read().decode()
            if response.status_code in HOPELESS:
                raise SystemExit(refusal)
            print(refusal, file=sys.stderr)
            return float(response.headers.get("Retry-After", 2))
        for event in source.iter_sse():
            handle(event.event, json.loads(event.data))
            if event.id:
                keep(event.id)  # The position moves when the event was handled.
            if event.retry:
                retry_s = event.retry / 1000
    return retry_s


def main() -> None:
    url, *case_ids = sys.argv[1:]
    # A stream that is silent for three heartbeats is lost.
    with httpx.Client(timeout=httpx.Timeout(10, read=45)) as client:
        while True:
            try:
                delay_s = follow(client, url, case_ids)
            except httpx.TransportError:
                delay_s = 2.0
            time.sleep(delay_s)


main()
