"""Messages of tickets over Socket.IO: pip install "python-socketio[asyncio_client]"

    POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position python socket_io.py https://pollcast.example CASE-1 CASE-2

It prints each event as its name and its JSON. It goes on where it was after any cut, and when it is started anew. The client with
asyncio calls handlers in order. The one with threads calls each in a thread of its own, so messages may be out of order there.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import socketio

TOKEN = Path(os.environ["POLLCAST_TOKEN_FILE"])
POSITION = Path(os.environ["POLLCAST_POSITION_FILE"])
EVENTS = ["message", "status", "gap", "upstream", "revoked", "backfilled", "closing"]
url, *case_ids = sys.argv[1:]
client = socketio.AsyncClient()


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


def listen(name: str) -> None:
    async def heard(event: Any) -> None:
        handle(name, event)
        if "id" in event:
            keep(event["id"])  # The position moves when the event was handled.

    client.on(name, heard)


def acknowledged(answer: Any) -> None:
    if not answer["ok"]:
        print(json.dumps(answer["error"]), file=sys.stderr)
        return
    handle("ready", answer)
    keep(answer["last_event_id"])


async def subscribe() -> None:
    position = POSITION.read_text() if POSITION.exists() else None
    request = {"case_ids": case_ids, **({"last_event_id": position} if position else {})}
    await client.emit("subscribe", request, callback=acknowledged)


async def main() -> None:
    for name in EVENTS:
        listen(name)
    client.on("connect", subscribe)
    client.on("connect_error", lambda refusal: print(refusal, file=sys.stderr))
    # The function is called for each connection, so a renewed token counts at once.
    auth = lambda: {"token": TOKEN.read_text().strip()}  # noqa: E731
    while True:
        try:
            await client.connect(url, auth=auth, transports=["websocket"])
            await client.wait()
        except socketio.exceptions.ConnectionError:
            await asyncio.sleep(2)


asyncio.run(main())
