import { setTimeout as sleep } from 'node:timers/promises';

import { Keys } from '#redis';

import { Conversation } from '../chaos/conversation.js';
import { tokenFor } from '../harness/clients/tokens.js';
import type { ClusterNode } from '../harness/processes/redis-cluster.js';
import { SeededRandom } from '../harness/seeded-random.js';
import { until } from '../harness/until.js';
import { ClusterDeployment } from './cluster-deployment.js';
import { reshard } from './reshard.js';

/** Longest pause of deliveries while a slot is moved, and after a master was killed, ms. */
const PAUSE_MS = 10_000;
/** A slot is moved one key at a time, with this pause, ms: longer than any command waits, and shorter than {@link PAUSE_MS}. */
const SLOWLY = { keysAtOnce: 1, pauseMs: 100 };
/** Longest time until every client is told that its feed is not polled, and that it is polled again, ms. */
const TOLD_MS = 15_000;
/** Messages flow for this long between two events, ms. */
const REST_MS = 2000;
/** Longest time until a replica has taken over, and until a node that came back is one, ms. */
const FAILOVER_MS = 30_000;

/** Something that an operator does, or a failure. */
interface Step {
  readonly name: string;
  readonly losesData?: boolean;
  /** Nobody goes on before the clients were told, so the silence has no bound. */
  readonly isTold?: boolean;
  happen(): Promise<void>;
}

/** Slots move and masters die while messages flow and clients record. Then what they recorded is compared with the postings. */
export class ClusterRun {
  private readonly keys = new Keys('pollcast');
  private losses = 0;

  private constructor(
    private readonly deployment: ClusterDeployment,
    private readonly conversation: Conversation,
    private readonly say: (line: string) => void,
  ) {}

  /** @returns what is wrong, one sentence each */
  static async of(say: (line: string) => void): Promise<string[]> {
    const deployment = await ClusterDeployment.start();
    const random = new SeededRandom(1);
    const conversation = await Conversation.begin({ deployment, token: await tokenFor(), random, name: 'cluster' });
    const run = new ClusterRun(deployment, conversation, say);
    try {
      const wrong = await run.toTheEnd();
      if (wrong.length > 0) deployment.programs.forEach((program) => say(program.tail()));
      say(wrong.length === 0 ? 'nothing lost, doubled or out of order' : 'FAILED');
      wrong.forEach((fault) => say(`  ${fault}`));
      return wrong;
    } finally {
      await conversation.end();
      await deployment.dispose();
    }
  }

  private async toTheEnd(): Promise<string[]> {
    const wrong: string[] = [];
    for (const step of await this.steps()) wrong.push(...(await this.take(step)));
    const { overlaps } = await this.deployment.upstream.counters();
    this.say(`${overlaps} polls overlapped`);
    return [...wrong, ...(await this.conversation.account(this.losses, this.say))];
  }

  private async take(step: Step): Promise<string[]> {
    const from = Date.now();
    try {
      await step.happen();
      const took = Date.now() - from;
      await this.conversation.flows();
      await sleep(REST_MS);
      const silence = this.silenceSince(from);
      this.say(`${step.name}: took ${took} ms, silence of ${silence} ms at the longest`);
      this.losses += step.losesData ? 1 : 0;
      return silence > PAUSE_MS && step.isTold !== true
        ? [`${silence} ms of silence, at most ${PAUSE_MS}: ${step.name}`]
        : [];
    } catch (error) {
      this.say(`${step.name}: ${String(error)}`);
      return [`${step.name}: ${String(error)}`];
    }
  }

  private async steps(): Promise<Step[]> {
    const { redis } = this.deployment;
    const { keys } = this;
    const { admin } = await redis.masterOf(await redis.slotOf(keys.feeds));
    const [feed = ''] = await admin.zrange(keys.feeds, '0', '0');
    const slots = {
      feed: await redis.slotOf(keys.base(feed as never)),
      'poll queue': await redis.slotOf(keys.queuePrefix),
      quota: await redis.slotOf(keys.quota[0]),
      'list of feeds': await redis.slotOf(keys.feeds),
    };
    const there = (slot: number) => redis.other(slot);
    return [
      ...Object.entries(slots).flatMap(([name, slot]) =>
        ['moves', 'moves back'].map((moves): Step => ({
          name: `the slot of the ${name} ${moves}, key by key`,
          happen: async () => redis.move(slot, await there(slot), SLOWLY),
        })),
      ),
      ...['moves', 'moves back'].map((moves): Step => ({
        name: `redis-cli --cluster reshard: the slot of the feed ${moves}`,
        happen: async () => reshard(redis, slots.feed, await there(slots.feed)),
      })),
      {
        name: 'the slot of the feed is left open until every client was told',
        isTold: true,
        happen: async () => this.leaveOpen(slots.feed),
      },
      ...(['feed', 'poll queue'] as const).map((name): Step => ({
        name: `the master of the ${name} is killed and comes back as a replica`,
        losesData: true,
        happen: async () => this.kill(slots[name], await redis.masterOf(slots[name])),
      })),
      {
        name: 'the master of the feed stands still until its replica has taken over',
        losesData: true,
        happen: async () => this.freeze(slots.feed, await redis.masterOf(slots.feed)),
      },
    ];
  }

  /** An operator goes away in the middle of a move, and comes back when the users have complained. */
  private async leaveOpen(slot: number): Promise<void> {
    const { redis } = this.deployment;
    const everybodyHears = (state: string) => {
      const hears = ({ recording }: (typeof this.conversation.clients)[number]) =>
        (recording.frames.findLast(({ event }) => event === 'upstream')?.data as { state?: unknown })?.state === state;
      return until(() => this.conversation.clients.every(hears), TOLD_MS, `every client to be told ${state}`);
    };
    let isLeft = false;
    await redis.move(slot, await redis.other(slot), {
      keysAtOnce: 1,
      at: async (state) => {
        if (state === 'moving' && !isLeft) {
          isLeft = true;
          await everybodyHears('degraded');
        }
      },
    });
    await everybodyHears('ok');
  }

  /** Longer than the other nodes wait for it, so its replica takes over while its connections are open. */
  private async freeze(slot: number, master: ClusterNode): Promise<void> {
    master.server.pause();
    try {
      await until(
        async () => (await this.deployment.redis.masterOf(slot)) !== master,
        FAILOVER_MS,
        'a replica to take over',
      );
      await this.conversation.flows();
    } finally {
      master.server.resume();
    }
  }

  private async kill(slot: number, master: ClusterNode): Promise<void> {
    const { redis } = this.deployment;
    await master.server.kill();
    await until(async () => (await redis.masterOf(slot)) !== master, FAILOVER_MS, 'a replica to take over');
    await this.conversation.flows();
    await master.server.up();
    const isReplica = async () => (await master.admin.info('replication')).includes('master_link_status:up');
    await until(isReplica, FAILOVER_MS, 'the killed node to be a replica');
  }

  /** The longest time in which no client received a message, ms. */
  private silenceSince(from: number): number {
    const arrivals = this.conversation.clients
      .flatMap(({ recording }) => recording.messages.map(({ at }) => at))
      .filter((at) => at >= from)
      .sort((a, b) => a - b);
    const ends = [...arrivals, Date.now()];
    return Math.max(...[from, ...arrivals].map((at, index) => (ends[index] ?? at) - at));
  }
}
