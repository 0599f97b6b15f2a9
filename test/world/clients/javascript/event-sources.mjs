import './page.mjs';

import { setTimeout as sleep } from 'node:timers/promises';

import { fetchEventSource } from '@microsoft/fetch-event-source';
import { EventSourcePolyfill } from 'event-source-polyfill';
import { EventSource as EventSource4 } from 'eventsource';
import { createParser } from 'eventsource-parser';
import EventSource2 from 'eventsource2';
import { EventSource as EventSource3 } from 'eventsource3';

const EVENTS = ['message', 'status', 'gap', 'upstream', 'revoked', 'closing', 'ready'];

/** Delay of a client that was told none, ms. */
const RETRY_MS = 1000;

const address = ({ url, caseIds }) => `${url}/v1/events?${new URLSearchParams(caseIds.map((id) => ['case_ids', id]))}`;
const authorization = (token) => ({ Authorization: `Bearer ${token}` });

/** An EventSource resumes by itself; `statusOf` reads the status of a refusal from the event `error`. */
function listen(source, { hear, refused }, statusOf) {
  for (const name of EVENTS) source.addEventListener(name, ({ data }) => hear(name, JSON.parse(data)));
  source.addEventListener('error', (event) => statusOf(event) && refused(String(statusOf(event))));
}

const withHeader = (token) => (input, init) =>
  fetch(input, { ...init, headers: { ...init.headers, ...authorization(token) } });

function fetchEvents(trial) {
  class Refused extends Error {}
  fetchEventSource(address(trial), {
    headers: authorization(trial.token),
    openWhenHidden: true,
    onopen: async ({ status }) => {
      if (status !== 200) throw new Refused(String(status));
    },
    // No check for empty data: clients that write `JSON.parse(data)` have to be served.
    onmessage: ({ event, data }) => trial.hear(event, JSON.parse(data)),
    onclose: () => {
      throw new Error('closed');
    },
    onerror: (error) => {
      if (error instanceof Refused) throw error;
    },
  }).catch((error) => trial.refused(error.message));
}

/** A parser alone: the program keeps the position and comes back. */
async function parseEvents(trial) {
  let position;
  let retryMs = RETRY_MS;
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      position = id ?? position;
      trial.hear(event ?? 'message', JSON.parse(data));
    },
    onRetry: (ms) => (retryMs = ms),
  });
  for (;;) {
    const headers = { ...authorization(trial.token), ...(position && { 'Last-Event-ID': position }) };
    try {
      const response = await fetch(address(trial), { headers });
      if (response.status !== 200) return trial.refused(`${response.status} ${await response.text()}`);
      const decoder = new TextDecoder();
      for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch {
      // The connection was lost.
    }
    parser.reset();
    await sleep(retryMs);
  }
}

export const eventSources = [
  ['fetch-event-source', fetchEvents],
  [
    'eventsource 2',
    (trial) =>
      listen(new EventSource2(address(trial), { headers: authorization(trial.token) }), trial, ({ status }) => status),
  ],
  [
    'eventsource 3',
    (trial) => listen(new EventSource3(address(trial), { fetch: withHeader(trial.token) }), trial, ({ code }) => code),
  ],
  [
    'eventsource 4',
    (trial) => listen(new EventSource4(address(trial), { fetch: withHeader(trial.token) }), trial, ({ code }) => code),
  ],
  ['eventsource-parser', parseEvents],
  [
    'event-source-polyfill',
    (trial) =>
      listen(
        new EventSourcePolyfill(address(trial), { headers: authorization(trial.token) }),
        trial,
        ({ status }) => status,
      ),
  ],
];
