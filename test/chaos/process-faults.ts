import { setTimeout as sleep } from 'node:timers/promises';

import type { Linked } from './chaos-deployment.js';
import { IN_GENERAL_MS, type Fault } from './fault.js';

/** A worker is killed: its sets are polled again within this time, ms. */
const TAKEOVER_MS = 10_000;
/** How long a frozen worker stays frozen, ms: on either side of the time after which its jobs are another's. */
const FROZEN_MS = [2000, 9000] as const;
/** How long clocks stay wrong, ms. */
const WRONG_MS = 2500;
/** The ways in which a clock jumps before it is right again (clock-jump.cjs). */
const WAYS = 3;

/** What happens to processes. Those that end are started again once others have taken over. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'a worker is killed',
    recoversWithinMs: TAKEOVER_MS,
    ends: 'workers',
    async happen({ deployment, random }) {
      await random.pick(deployment.workers).program.kill();
    },
  },
  {
    name: 'two workers are killed',
    recoversWithinMs: TAKEOVER_MS,
    ends: 'workers',
    async happen({ deployment, random }) {
      const [first, second] = random.shuffled(deployment.workers);
      await Promise.all([first?.program.kill(), second?.program.kill()]);
    },
  },
  {
    name: 'a gateway is killed',
    recoversWithinMs: IN_GENERAL_MS,
    ends: 'gateways',
    async happen({ deployment, random }) {
      await random.pick(deployment.gateways).program.kill();
    },
  },
  {
    name: 'a worker is frozen and goes on as if nothing had been',
    recoversWithinMs: TAKEOVER_MS,
    async happen({ deployment, random }) {
      await freeze(random.pick(deployment.workers), random.integer(...FROZEN_MS));
    },
  },
  {
    name: 'a gateway is frozen',
    recoversWithinMs: IN_GENERAL_MS,
    async happen({ deployment, random }) {
      await freeze(random.pick(deployment.gateways), random.integer(1000, 6000));
    },
  },
  {
    name: 'a worker is stopped in good order',
    recoversWithinMs: TAKEOVER_MS,
    ends: 'workers',
    async happen({ deployment, random }) {
      await expectOrder(random.pick(deployment.workers));
    },
  },
  {
    name: 'a gateway is stopped in good order',
    recoversWithinMs: IN_GENERAL_MS,
    ends: 'gateways',
    async happen({ deployment, random }) {
      await expectOrder(random.pick(deployment.gateways));
    },
  },
  {
    name: 'everything is restarted, one by one',
    recoversWithinMs: IN_GENERAL_MS,
    alone: true,
    async happen({ deployment }) {
      for (const one of [...deployment.gateways, ...deployment.workers]) {
        await expectOrder(one);
        await one.program.start();
      }
    },
  },
  {
    name: 'a clock jumps ahead, back and to the truth',
    recoversWithinMs: IN_GENERAL_MS,
    alone: true,
    async happen({ deployment, random }) {
      const { program } = random.pick([...deployment.workers, ...deployment.gateways]);
      for (let way = 0; way < WAYS; way += 1) {
        program.signal('SIGUSR2');
        await sleep(WRONG_MS);
      }
    },
  },
  {
    name: 'the worker whose clock is ahead is killed',
    recoversWithinMs: TAKEOVER_MS,
    alone: true,
    async happen({ deployment, random }) {
      const { program } = random.pick(deployment.workers);
      program.signal('SIGUSR2');
      await sleep(WRONG_MS);
      await program.kill();
    },
  },
];

async function freeze({ program }: Linked, ms: number): Promise<void> {
  program.signal('SIGSTOP');
  await sleep(ms);
  program.signal('SIGCONT');
}

async function expectOrder({ program }: Linked): Promise<void> {
  const ending = await program.stop();
  // It may have been killed by another fault while it ended.
  if (ending !== 0 && ending !== 'SIGKILL') {
    throw new Error(`${program.name} was stopped in good order and ended with ${String(ending)}`);
  }
}
