import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { tokenFor } from './harness/clients/tokens.js';
import { Deployment } from './harness/processes/deployment.js';
import type { Program } from './harness/processes/program.js';
import { until } from './harness/until.js';
import type { Fault } from './harness/upstream/simulator-control.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { linesOf } from './states/log-lines.js';

/** How long the upstream is in a state, and Redis is away, ms. */
const [STATE_MS, AWAY_MS] = [8000, 20_000];
/** Ten sets, in two feeds. */
const [TICKETS, PER_SET] = [10, 2];
/** Seconds without an answer that show at the end of a state: it is told when the first poll fails, or does not return. */
const STALE_S = 4;
/** Longest time until all is well again, ms: after a 429 the pace grows slowly. */
const WELL_MS = 60_000;
/** Time in which the last line of a state comes, ms: a Redis is well after it was quiet for this long. */
const LAST_LINE_MS = 6000;

const STATES: readonly (readonly [name: string, fault: Fault])[] = [
  ['503', { kind: 'status', status: 503, body: '' }],
  ['401', { kind: 'status', status: 401, body: { error_code: 'APIGW.0301' } }],
  ['429', { kind: 'throttle' }],
  ['hang', { kind: 'hang' }],
  ['HTML', { kind: 'html' }],
  ['403 of a firewall', { kind: 'status', status: 403, body: '<html></html>', content_type: 'text/html' }],
  ['403 of the account', { kind: 'status', status: 403, body: { error_code: 'OSM.01010002' } }],
];

/** What an operator reads of ordinary states: that they are there, since when, and that they are over. Not more. */
describe('the log of a program', () => {
  const deployment = new Deployment({
    settings: { POLL_INTERVAL_MS: '1000', POLL_INTERVAL_MAX_MS: '1000', UPSTREAM_MAX_CASE_IDS: String(PER_SET) },
  });
  const say = (line: string) => void process.stderr.write(`states  ${line}\n`);

  beforeAll(async () => {
    await deployment.start();
    const [token, caseIds] = [await tokenFor(), freshTickets(TICKETS)];
    for (const language of ['zh-cn', 'en-us']) {
      await clientOf('sse', { token, caseIds, language }).open(deployment.gateway().url);
    }
    await until(isFresh, WELL_MS, 'all sets to be fresh');
  }, 120_000);
  afterAll(() => deployment.dispose(), 60_000);

  const programs = () => [deployment.worker(), deployment.gateway()] as const;
  const stalest = async (program: Program) =>
    [...(await program.metrics('pollcast_stalest_set_seconds')).values()][0] ?? 0;
  const isFresh = async () => (await Promise.all(programs().map(stalest))).every((seconds) => seconds < 3);

  /** Lets a state begin and end. @returns the lines that each program wrote, and the freshness of each at its end, s */
  async function through(begin: () => Promise<unknown>, end: () => Promise<unknown>, lastsMs: number) {
    const before = programs().map((program) => linesOf(program).length);
    await begin();
    await sleep(lastsMs);
    const stale = await Promise.all(programs().map(stalest));
    await end();
    await until(isFresh, WELL_MS, 'all sets to be fresh');
    await sleep(LAST_LINE_MS);
    const lines = programs().map((program, at) => linesOf(program).slice(before[at]));
    return { lines, stale };
  }

  it.each(STATES)(
    `has between two and six lines of 8 s of an upstream that answers with %s, and the freshness rises`,
    async (name, fault) => {
      const { upstream } = deployment;
      const {
        lines: [worker = [], gateway = []],
        stale,
      } = await through(
        () => upstream.inject(fault),
        () => upstream.clearFaults(),
        STATE_MS,
      );
      say(
        `${name}: ${worker.length} lines of the worker, ${gateway.length} of the gateway; stalest set ${stale.map((each) => each.toFixed(1)).join(' and ')} s`,
      );
      [...worker, ...gateway].forEach(({ text }) => say(`  ${text}`));
      expect(worker.length).toBeGreaterThanOrEqual(2);
      expect(worker.length).toBeLessThanOrEqual(6);
      expect(gateway.length).toBeLessThanOrEqual(6);
      expect(Math.min(...stale)).toBeGreaterThan(STALE_S);
    },
    120_000,
  );

  it('has at most six lines of 20 s without Redis', async () => {
    const { redis } = deployment;
    const { lines, stale } = await through(
      () => redis.down(),
      () => redis.up(),
      AWAY_MS,
    );
    say(
      `Redis is away: ${lines.map((each) => each.length).join(' and ')} lines; stalest set ${stale.map((each) => each.toFixed(1)).join(' and ')} s`,
    );
    lines.flat().forEach(({ text }) => say(`  ${text}`));
    for (const each of lines) {
      expect(each.length).toBeGreaterThanOrEqual(2);
      expect(each.length).toBeLessThanOrEqual(6);
    }
    expect(Math.min(...stale)).toBeGreaterThan(AWAY_MS / 1000 - 5);
  }, 180_000);
});
