"""`python sdk_polls.py UPSTREAM GATEWAY ACCESS_KEY SECRET_KEY DOMAIN_ID CASE_ID...` polls both with the official SDK.

First a conversation: in each round messages are posted at the upstream, and both are polled from their last cursors until
they have them. Then one client polls the gateway for some seconds, and 200 clients poll it for as long.

It prints one line of JSON, as test/world/sdk-polls-trial.ts reads it: what both said in each round, and how many requests
per second the upstream had with one client and with 200.
"""

import json
import sys
import threading
import time
import urllib.request

from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkosm.v2 import ListNewInstantMessagesRequest, OsmClient

ROUNDS = 5
"""Longest time until a round's messages are there, and time in which costs are measured, seconds."""
ROUND_S = 20
COST_S = 6
CLIENTS = 200

upstream, gateway, access_key, secret_key, domain_id, *case_ids = sys.argv[1:]


def client(url: str) -> OsmClient:
    credentials = GlobalCredentials(access_key, secret_key, domain_id)
    return OsmClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def control(method: str, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{upstream}/control/{path}", data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else {}


class Poller:
    """A client as the SDK's users write it: it keeps the cursor of the last answer."""

    def __init__(self, url: str) -> None:
        self.client = client(url)
        self.cursor = None

    def poll(self) -> dict:
        request = ListNewInstantMessagesRequest(case_ids=case_ids, last_message_time_id=self.cursor)
        answer = self.client.list_new_instant_messages(request).to_dict()
        self.cursor = answer.pop("last_message_time_id")
        return answer

    def round(self, messages: int) -> dict:
        """Polls until this many messages have come, and puts the answers together."""
        said = {"imstatus": None, "immsg": {}}
        until = time.monotonic() + ROUND_S
        while sum(map(len, said["immsg"].values())) < messages and time.monotonic() < until:
            answer = self.poll()
            said["imstatus"] = answer.pop("imstatus")
            for ticket in answer.pop("immsg"):
                said["immsg"].setdefault(ticket["incident_id"], []).extend(ticket["message_list"])
            said.update(answer)
            time.sleep(0.05)
        return said


def conversation() -> dict:
    pollers = {"upstream": Poller(upstream), "gateway": Poller(gateway)}
    rounds = {name: [] for name in pollers}
    for number in range(ROUNDS):
        posted = [{"case_id": case_id, "content": f"confidential {number}: {case_id}"} for case_id in case_ids[: 1 + number % 3]]
        posted += [{"case_id": case_ids[0], "content": f"confidential {number}: twice", "count": 2, "is_first_message": 1}]
        control("POST", "messages", posted)
        for name, poller in pollers.items():
            rounds[name].append(poller.round(len(posted) + 1))
        time.sleep(1.2)  # The upstream's cursor has whole seconds.
    return rounds


def cost(count: int) -> dict:
    """Requests that the upstream had while this many clients polled the gateway."""
    pollers = [Poller(gateway) for _ in range(count)]
    until = time.monotonic() + COST_S
    polls = []

    def poll_on(poller: Poller) -> None:
        while time.monotonic() < until:
            poller.poll()
            polls.append(1)
            time.sleep(0.5)

    pollers[0].poll()
    control("POST", "counters/reset")
    began = time.monotonic()
    threads = [threading.Thread(target=poll_on, args=(poller,)) for poller in pollers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    requests = control("GET", "counters")["requests"]
    return {"clients": count, "polls": len(polls), "requests_per_s": requests / (time.monotonic() - began)}


print(json.dumps({"rounds": conversation(), "costs": [cost(1), cost(CLIENTS)]}, default=str))
