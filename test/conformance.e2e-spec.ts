import { idsOf } from './conformance/check.js';
import { CHECKS } from './conformance/checks.js';
import { ConformanceRun } from './conformance/conformance-run.js';
import { Target } from './conformance/target.js';
import { BreakingProxy } from './fixtures/breaking-proxy.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { JWT_SECRET } from './harness/clients/tokens.js';

/** Small, so that checks do not wait long. History is longer than a subscription gets by default. */
const LIMITS = { historyMaxEvents: 120, maxCases: 500, heartbeatMs: 400 };

const isMessage = (block: string) => block.includes('event: message\n');

/** Mistakes of a gateway, and the requirements of which a check has to fail. */
const MISTAKES: readonly (readonly [
  what: string,
  ids: readonly string[],
  rewriting: () => (block: string) => string,
])[] = [
  [
    'leaves the id of a message out',
    ['S3'],
    () => (block) => (isMessage(block) ? block.replace(/^id: .*\n/m, '') : block),
  ],
  ['swaps two messages', ['E6', 'R5'], swapping],
  ['writes numbers as JSON.stringify does', ['E1'], () => (block) => block.replace(/(?<=^data: ).*$/m, reserialized)],
  ['sends a message twice', ['R7', 'P1'], () => (block) => (isMessage(block) ? `${block}\n\n${block}` : block)],
  ['says nothing of a gap', ['E7', 'R4'], () => (block) => (block.includes('event: gap\n') ? '' : block)],
  ['sends no comments', ['S4'], () => (block) => (block.startsWith(':') ? '' : block)],
  [
    'says that nothing is missing',
    ['R1', 'R3'],
    () => (block) => block.replace('"recovered":false', '"recovered":true'),
  ],
  ['leaves a status out', ['E3'], () => (block) => (block.includes('event: status\n') ? '' : block)],
];

const deployment = useDeployment({
  settings: { HISTORY_MAX_EVENTS: String(LIMITS.historyMaxEvents), SSE_HEARTBEAT_MS: String(LIMITS.heartbeatMs) },
});
const targetAt = (gatewayUrl: string) =>
  new Target({ gatewayUrl, controlUrl: deployment.upstream.url, secret: JWT_SECRET, limits: LIMITS });

/** All checks of `npm run conformance`, with tokens of every kind, at a deployment of this test. */
describe('a deployment conforms to PROTOCOL.md', () => {
  let run: ConformanceRun;
  beforeAll(() => (run = new ConformanceRun(CHECKS, targetAt(deployment.gateway().url))));

  it.each(CHECKS.map((check) => [check.title, check] as const))('%s', async (_title, check) => {
    const { state, error } = await run.outcome(check);
    if (error) throw error;
    expect(state).toBe('passed');
  });
});

describe('a check fails at a gateway that', () => {
  const unchanged = () => (block: string) => block;
  /** All run at the same time, because a check that fails often waits for a timeout. */
  let failures: ReadonlyMap<object, Promise<ReadonlySet<string>>>;
  beforeAll(() => {
    const all = MISTAKES.flatMap(([, ids]) => ids);
    const behind = MISTAKES.map(([, ids, rewriting]) => [rewriting, failuresBehind(rewriting, ids)] as const);
    failures = new Map([...behind, [unchanged, failuresBehind(unchanged, all)]]);
  });

  it.each(MISTAKES)('%s: %j', async (_what, ids, rewriting) => {
    const failed = await failures.get(rewriting);
    expect(ids.filter((id) => !failed?.has(id))).toEqual([]);
  });

  it('makes a mistake, and at no other', async () => {
    expect(await failures.get(unchanged)).toEqual(new Set());
  });

  /** The requirements of which a check fails behind this proxy. */
  async function failuresBehind(rewriting: () => (block: string) => string, ids: readonly string[]) {
    const proxy = await BreakingProxy.to(deployment.gateway().url, rewriting);
    const checks = CHECKS.filter(({ title }) => idsOf(title).some((id) => ids.includes(id)));
    const outcomes = await new ConformanceRun(checks, targetAt(proxy.url)).all();
    await proxy.close();
    return new Set(outcomes.filter(({ state }) => state === 'failed').flatMap(({ check }) => idsOf(check.title)));
  }
});

/** Holds every second message back and sends it after the next one. */
function swapping(): (block: string) => string {
  let held = '';
  return (block) => {
    if (!isMessage(block)) return block;
    const before = held;
    held = before === '' ? block : '';
    return before === '' ? '' : `${block}\n\n${before}`;
  };
}

function reserialized(data: string): string {
  return JSON.stringify(JSON.parse(data));
}
