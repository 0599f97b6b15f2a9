/**
 * `/llms.txt` of a gateway, and `llms.txt` of the repository: what a language model has to know before it writes code
 * against a gateway. The form is that of the llms.txt proposal: a title, a summary, and lists of where to read on.
 */
export const LLMS_TEXT = `# Pollcast

> Pollcast polls an API of service tickets once for all clients and pushes new messages and read statuses to them, over
> Server-Sent Events, Socket.IO and plain HTTP.

- A ticket is a \`case_id\`. The tickets of one \`group_id\` in one \`language\` are a feed.
- Every \`message\` and \`status\` event has an \`id\`, which is a position in its feed. A client keeps the last one and names
  it when it connects again (\`Last-Event-ID\`, or \`last_event_id\`): then nothing is lost and nothing comes twice.
- Loss is told by a \`gap\` event and is never silent. Events without an \`id\` line move no position.
- A token is sent as \`Authorization: Bearer\`, \`X-Auth-Token\`, the cookie \`pollcast_token\`, or the query \`access_token\`.
- A refusal over HTTP is \`application/problem+json\` with a \`code\`. 429 and 503 carry \`Retry-After\`.
- Clients ignore events and members that they do not know.

## At a gateway

- \`GET /v1/events?case_ids=T1\`: events as they come (SSE). \`POST\` takes the same parameters as JSON
- \`/socket.io/\`: the same events over Socket.IO: \`subscribe\`, \`unsubscribe\`, \`authenticate\`, each with an acknowledgement
- \`GET /v1/cases/{case_id}/messages\`: history, page by page
- \`GET /v1/streams/cases/{case_id}\`: a ticket as a stream of the Durable Streams protocol
- \`GET /v2/servicerequest/cases/instant-messages\`: the polling contract of the upstream
- \`POST /v1/hints\`: a backend says that something happened to a ticket
- \`/openapi.json\`: OpenAPI 3.1, every route, answer, refusal and example
- \`/asyncapi.json\`: AsyncAPI 3, every event and every request over Socket.IO
- \`/schemas/{event}.json\`: the JSON Schema of the data of an event, such as \`/schemas/message.json\`
- \`/docs\`: the same for people

## In the repository

- \`README.md\`: what it is, how to start it (\`npm start\`), its settings
- \`PROTOCOL.md\`: the protocol, each requirement with an id
- \`OPERATIONS.md\`: how to run it, metrics, alerts, what to do about them
- \`ARCHITECTURE.md\`: invariants, glossary, layers, one message from the upstream to the browser
- \`CONTRIBUTING.md\`: how to build and test it
- \`libs/client/llms.txt\`: the client library for browsers and Node
`;
