import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import type { Fault } from './harness/upstream/simulator-control.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';

const INTERVAL_MS = 1000;
const SETS = 40;
/** Long enough that every set has failed often and has its longest retry delay, ms. */
const OUTAGE_MS = 6000;
/** Added to the promised time (an interval and a second) for a busy machine, ms. */
const SLACK_MS = 500;

/** The longest delay after an outage is bounded for any number of sets. */
describe('an upstream that answers again', () => {
  const deployment = useDeployment({
    workers: 2,
    settings: { POLL_INTERVAL_MS: String(INTERVAL_MS), POLL_INTERVAL_MAX_MS: String(INTERVAL_MS) },
  });

  it.each<Fault>([{ kind: 'status', status: 500 }, { kind: 'reset' }, { kind: 'html' }])(
    'delivers everything within an interval and a second, after %j',
    async (fault) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const token = await tokenFor({ groups: ['*'] });
      // Each group has its own ticket set: forty sets.
      const groups = Array.from({ length: SETS }, (_, index) => `group-${index}`);
      const clients = groups.map((groupId) => clientOf('sse', { token, caseIds: [caseId], groupId }));
      await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
      await upstream.inject(fault);
      await sleep(OUTAGE_MS);
      await upstream.post(
        ...groups.map((group_id) => ({ case_id: caseId, group_id, content: `${CONFIDENTIAL} of ${group_id}` })),
      );
      const backAt = Date.now();
      await upstream.clearFaults();
      await Promise.all(clients.map(({ recording }) => recording.count(1)));
      const waits = clients.map(({ recording }) => (recording.messages[0]?.at ?? Infinity) - backAt);
      process.stderr.write(`back after ${fault.kind}: the last of ${SETS} sets after ${Math.max(...waits)} ms\n`);
      expect(Math.max(...waits)).toBeLessThanOrEqual(INTERVAL_MS + 1000 + SLACK_MS);
      clients.forEach(({ recording }) => expect(recording.of('upstream').at(0)?.data.state).toBe('degraded'));
      await Promise.all(clients.map(({ recording }) => recording.next('upstream', ({ state }) => state === 'ok')));
      clients.forEach((client) => client.close());
    },
    40_000,
  );
});
