"""`python sdk.py URL ACCESS_KEY SECRET_KEY BAD_SECRET_KEY DOMAIN_ID CASE_ID...` reads messages with the official SDK.

It prints one line of JSON, as test/world/sdk-trial.ts reads it.
"""

import json
import sys

from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkosm.v2 import ListNewInstantMessagesRequest, OsmClient


def client(url: str, access_key: str, secret_key: str, domain_id: str) -> OsmClient:
    credentials = GlobalCredentials(access_key, secret_key, domain_id)
    return OsmClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def main() -> None:
    url, access_key, secret_key, bad_secret_key, domain_id, *case_ids = sys.argv[1:]
    request = ListNewInstantMessagesRequest(case_ids=case_ids)
    answer = client(url, access_key, secret_key, domain_id).list_new_instant_messages(request)
    read = {ticket.incident_id: [message.content for message in ticket.message_list] for ticket in answer.immsg}
    whole = {key: value for key, value in answer.to_dict().items() if key != "last_message_time_id"}
    refusal = None
    try:
        client(url, access_key, bad_secret_key, domain_id).list_new_instant_messages(request)
    except ClientRequestException as error:
        refusal = {"status": error.status_code, "code": error.error_code}
    print(json.dumps({"read": read, "refusal": refusal, "whole": whole}, default=str))


main()
