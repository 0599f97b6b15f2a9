import { setTimeout as sleep } from 'node:timers/promises';

import type { Linked } from './chaos-deployment.js';
import { IN_GENERAL_MS, type Fault } from './fault.js';

/** Longest time until the sets of a killed worker are polled again, ms. */
const TAKEOVER_MS = 10_000;
/** Time for which a worker is frozen, ms: shorter and longer than the time after which others take its jobs. */
const FROZEN_MS = [2000, 9000] as const;
/** Time for which a clock is wrong, ms. */
const WRONG_MS = 2500;
/** Jumps until a clock is right again (clock-jump.cjs). */
const WAYS = 3;

/** Faults of processes. Ended processes are started again when messages flow. */
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
  // Another fault may have killed it while it ended.
  if (ending !== 0 && ending !== 'SIGKILL') {
    throw new Error(`${program.name} was stopped in good order and ended with ${String(ending)}`);
  }
}
