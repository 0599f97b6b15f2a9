"""Clients for event streams. Only sseclient comes back by itself; with the others, the program keeps the position."""

import importlib.util
import json
import os
import time
from typing import Any, Callable, Iterator

import httpx
import httpx_sse
import requests
import sseclient

# Delay of a client that was told none, s.
RETRY_S = 1.0


def address(trial: Any) -> str:
    return str(httpx.URL(f"{trial.url}/v1/events", params=[("case_ids", each) for each in trial.case_ids]))


def headers(trial: Any, position: str | None = None) -> dict[str, str]:
    return {
        "Accept": "text/event-stream",
        "Authorization": f"Bearer {trial.token}",
        **({"Last-Event-ID": position} if position else {}),
    }


class Refused(Exception):
    """The answer was not a stream."""


def resume(trial: Any, stream: Callable[[dict[str, str]], Iterator[Any]]) -> None:
    position, retry_s = None, RETRY_S
    while True:
        try:
            for event in stream(headers(trial, position)):
                # No check for empty data: clients that write json.loads(event.data) have to be served.
                trial.hear(event.event, json.loads(event.data))
                position = event.id or position
                retry_s = int(event.retry) / 1000 if event.retry else retry_s
        except Refused as refusal:
            trial.refused(str(refusal))
            return
        except (httpx.TransportError, requests.RequestException):
            pass  # The connection was lost.
        time.sleep(retry_s)


def with_httpx_sse(trial: Any) -> None:
    client = httpx.Client(timeout=httpx.Timeout(5, read=60))

    def stream(sent: dict[str, str]) -> Iterator[Any]:
        with httpx_sse.connect_sse(client, "GET", address(trial), headers=sent) as source:
            if source.response.status_code != 200:
                raise Refused(source.response.status_code)
            yield from source.iter_sse()

    resume(trial, stream)


def with_sseclient_py(trial: Any) -> None:
    def stream(sent: dict[str, str]) -> Iterator[Any]:
        response = requests.get(address(trial), headers=sent, stream=True, timeout=(5, 60))
        if response.status_code != 200:
            raise Refused(response.status_code)
        yield from sseclient.SSEClient(response).events()

    resume(trial, stream)


def with_sseclient(trial: Any) -> None:
    # sseclient and sseclient-py have the same module name, so sseclient lives in a folder of its own.
    path = os.path.join(os.environ["SSECLIENT_FOLDER"], "sseclient.py")
    spec = importlib.util.spec_from_file_location("sseclient_by_btubbs", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        for event in module.SSEClient(address(trial), headers=headers(trial)):
            # It reads the socket past the chunked encoding, so the last chunk of a stream is an event without data to it.
            if event.data:
                trial.hear(event.event, json.loads(event.data))
    except requests.HTTPError as error:
        trial.refused(str(error.response.status_code))


EVENT_STREAMS = {"httpx-sse": with_httpx_sse, "sseclient-py": with_sseclient_py, "sseclient": with_sseclient}
