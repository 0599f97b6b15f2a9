"""python-socketio, with threads and with asyncio, as PROTOCOL.md shows it for JavaScript."""

import threading
from typing import Any

import socketio

EVENTS = ["message", "status", "gap", "upstream", "revoked", "closing"]


class Position:
    """The greatest id. The client with threads runs each handler in a thread of its own, so ids may come out of order."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.lock = threading.Lock()

    def reached(self, event_id: str | None) -> None:
        with self.lock:
            if event_id and (self.id is None or event_id > self.id):
                self.id = event_id

    def request(self, trial: Any) -> dict[str, Any]:
        return {"case_ids": trial.case_ids, **({"last_event_id": self.id} if self.id else {})}


def answered(answer: dict[str, Any], position: Position, trial: Any) -> None:
    if not answer["ok"]:
        trial.refused(answer["error"]["code"])
        return
    position.reached(answer["last_event_id"])
    trial.hear("ready", answer)


def refused(data: Any, trial: Any) -> None:
    # Without data of the gateway, the connection was lost: the client comes back by itself.
    if isinstance(data, dict) and "data" in data:
        trial.refused(data["data"]["code"])


def connect(trial: Any, transports: list[str]) -> None:
    client = socketio.Client()
    position = Position()

    @client.on("connect")
    def _connect() -> None:
        client.emit("subscribe", position.request(trial), callback=lambda answer: answered(answer, position, trial))

    def listen(name: str) -> None:
        def heard(event: dict[str, Any]) -> None:
            trial.hear(name, event)
            position.reached(event.get("id"))

        client.on(name, heard)

    for name in EVENTS:
        listen(name)
    client.on("connect_error", lambda data: refused(data, trial))
    try:
        client.connect(trial.url, auth={"token": trial.token}, transports=transports)
    except socketio.exceptions.ConnectionError:
        return  # The handler of connect_error has said why.
    client.wait()


async def connect_async(trial: Any, transports: list[str]) -> None:
    client = socketio.AsyncClient()
    position = Position()

    @client.on("connect")
    async def _connect() -> None:
        request = position.request(trial)
        await client.emit("subscribe", request, callback=lambda answer: answered(answer, position, trial))

    def listen(name: str) -> None:
        async def heard(event: dict[str, Any]) -> None:
            trial.hear(name, event)
            position.reached(event.get("id"))

        client.on(name, heard)

    for name in EVENTS:
        listen(name)
    client.on("connect_error", lambda data: refused(data, trial))
    try:
        await client.connect(trial.url, auth={"token": trial.token}, transports=transports)
    except socketio.exceptions.ConnectionError:
        return
    await client.wait()


SOCKETS = {
    "python-socketio, websocket": lambda trial: connect(trial, ["websocket"]),
    "python-socketio, polling": lambda trial: connect(trial, ["polling"]),
    "python-socketio, upgrade": lambda trial: connect(trial, ["polling", "websocket"]),
}
ASYNC_SOCKETS = {
    "python-socketio asyncio, websocket": lambda trial: connect_async(trial, ["websocket"]),
    "python-socketio asyncio, polling": lambda trial: connect_async(trial, ["polling"]),
    "python-socketio asyncio, upgrade": lambda trial: connect_async(trial, ["polling", "websocket"]),
}
