import { setTimeout as sleep } from 'node:timers/promises';

import type { Fault as UpstreamFault } from '../harness/upstream/simulator-control.js';
import { PACE } from './chaos-deployment.js';
import { type Fault } from './fault.js';

/** Longest recovery after the upstream answers again, ms, besides one interval. */
const SLACK_MS = 1000;
const PROMPT_MS = PACE.intervalMs + SLACK_MS;
/** Requests without an answer have to time out first. */
const AFTER_TIMEOUT_MS = PROMPT_MS + PACE.upstreamTimeoutMs;
/** Time in which the quota grows back after a 429, from two requests per second, ms. */
const RAMP_MS = 4000;
/** The `Retry-After` of the upstream, seconds, and the pause after a 429 without it, ms. */
const RETRY_AFTER_S = 2;
const UNNAMED_PAUSE_MS = 2000;
const HUGE_BYTES = 40_000_000;

const ROWS: readonly (readonly [name: string, within: number, fault: UpstreamFault])[] = [
  ['500', PROMPT_MS, { kind: 'status', status: 500, body: { error_code: 'OSM.0002' } }],
  ['502 with a page', PROMPT_MS, { kind: 'html' }],
  ['429 with Retry-After', RETRY_AFTER_S * 1000 + RAMP_MS, { kind: 'throttle', retry_after: RETRY_AFTER_S }],
  ['429 without Retry-After', UNNAMED_PAUSE_MS + RAMP_MS, { kind: 'throttle' }],
  ['401', PROMPT_MS, { kind: 'token_expired' }],
  ['an error in 200', PROMPT_MS, { kind: 'error_in_200', error_code: 'OSM.01010001' }],
  ['hangs', AFTER_TIMEOUT_MS, { kind: 'hang' }],
  ['drips', AFTER_TIMEOUT_MS, { kind: 'drip' }],
  ['truncates', PROMPT_MS, { kind: 'truncate' }],
  ['resets', PROMPT_MS, { kind: 'reset' }],
  ['bad JSON', PROMPT_MS, { kind: 'bad_json' }],
  ['wrong charset', PROMPT_MS, { kind: 'wrong_charset' }],
  ['wrong content type', PROMPT_MS, { kind: 'wrong_content_type' }],
  ['gzip', PROMPT_MS, { kind: 'gzip' }],
  ['huge', AFTER_TIMEOUT_MS, { kind: 'huge', bytes: HUGE_BYTES, times: 3 }],
  ['redirects', PROMPT_MS, { kind: 'redirect', location: 'http://127.0.0.1:1/elsewhere' }],
];

/** Faults in which a request for several tickets fails because of one of them. */
const SPOILERS: readonly (readonly [name: string, fault: UpstreamFault])[] = [
  ['refuses a ticket', { kind: 'refuse_case', as: '403' }],
  ['refuses a ticket in 200', { kind: 'refuse_case', as: '200' }],
  ['calls a ticket malformed', { kind: 'status', status: 400, body: { error_code: 'OSM.0001' } }],
];

/** Faults that concern all requests. */
const FOR_ALL: readonly Fault[] = ROWS.map(([name, recoversWithinMs, fault]) => ({
  name: `upstream: ${name}`,
  recoversWithinMs,
  async happen({ deployment: { upstream }, random }) {
    const ms = random.integer(1000, 3000);
    await upstream.inject(fault);
    await sleep(ms);
    await upstream.clearFaults();
  },
}));

/** Faults that concern one ticket. The other tickets of its set are not delayed. */
const FOR_ONE: readonly Fault[] = SPOILERS.map(([name, fault]) => ({
  name: `upstream: ${name}`,
  recoversWithinMs: PROMPT_MS,
  lingers: true,
  async happen({ deployment: { upstream }, refusable, random }) {
    const ms = random.integer(1000, 3000);
    await upstream.inject({ ...fault, case_ids: [refusable] });
    await sleep(ms);
    await upstream.clearFaults();
  },
}));

/** A release of the upstream is rolled out and taken back. It changes how all messages are written, and fails no request. */
const RELEASE: Fault = {
  name: 'upstream: a release that writes messages in another form comes and goes',
  recoversWithinMs: PROMPT_MS,
  async happen({ deployment: { upstream }, random }) {
    const ms = random.integer(500, 1500);
    for (const message_form of ['alternating', 'next_release', 'alternating', 'documented'] as const) {
      await upstream.change({ message_form });
      await sleep(ms);
    }
  },
};

export const UPSTREAM_FAULTS: readonly Fault[] = [...FOR_ALL, ...FOR_ONE, RELEASE];
