import {
  feedKey,
  jsonText,
  type CaseId,
  type DeltaEntry,
  type MessageClass,
  type MessageIdentity,
  type SetRef,
} from '#core';
import { connectRedis, Keys, RedisInterestRegistry, RedisSetStore, type RedisClient } from '#redis';

const FEED = feedKey({ language: 'zh-cn' });
const PREFIX = 'pollcast';
const SET_SIZE = 100;
const ENTRIES = 200;
const DAY_MS = 86_400_000;
const BOUNDS = { historyMaxEvents: 1000, historyTtlS: 86_400, upstreamMaxCaseIds: SET_SIZE, pollIntervalMs: 1000 };

const pad = '.'.repeat(150);

/** Publishes as a worker does: with the commit script, and without an upstream. */
export class FilledStore {
  private readonly registry: RedisInterestRegistry;
  private readonly store: RedisSetStore;
  private readonly keys = new Keys(PREFIX);
  private readonly sets = new Map<CaseId, SetRef>();
  private said = 0;

  private constructor(private readonly commands: RedisClient) {
    const { keys } = this;
    this.registry = new RedisInterestRegistry(commands, keys, BOUNDS);
    this.store = new RedisSetStore(commands, keys, BOUNDS);
  }

  static connect(redisUrl: string): FilledStore {
    return new FilledStore(
      connectRedis({ redisUrl, redisPrefix: PREFIX }, 'patient', (error) => {
        throw error;
      }),
    );
  }

  /** Gives each of these tickets so many publications, in turns. */
  async fill(tickets: readonly CaseId[], each: number): Promise<void> {
    const groups = await this.want(tickets);
    const rounds = Math.max(1, Math.floor(ENTRIES / Math.min(SET_SIZE, tickets.length)));
    for (let done = 0; done < each; done += rounds) {
      for (const group of groups) {
        const count = Math.min(rounds, each - done);
        await this.publish(Array.from({ length: count }, () => group).flat());
      }
    }
  }

  /** Publishes a message on each of these tickets of one set, in one commit. @param text what the message says */
  async publish(tickets: readonly CaseId[], text = pad): Promise<void> {
    const now = Date.now();
    const entries = tickets.map((caseId) => this.entry(caseId, text, now));
    const ref = this.sets.get(tickets[0] ?? '');
    const begun = ref && (await this.store.begin(ref, now, { owner: 'bench', until: now + 10_000 }));
    if (begun?.kind !== 'begun') throw new Error('the set of a ticket is not free');
    const { fence } = begun.set;
    const due = { active: now + DAY_MS, idle: now + DAY_MS };
    const lease = { kind: 'extend', until: now + DAY_MS } as const;
    const committed = await this.store.commit({ ref: begun.set.ref, fence, now, entries, backfilled: [], due, lease });
    if (committed.kind !== 'committed' || committed.published < entries.length) {
      throw new Error(`a commit was not published: ${JSON.stringify(committed)}`);
    }
  }

  stop(): void {
    this.commands.disconnect();
  }

  private entry(caseId: CaseId, content: string, now: number): DeltaEntry {
    this.said += 1;
    const name = String(this.said).padStart(12, '0');
    const create_time = new Date(now).toISOString();
    const message = jsonText({ type: 1, replier: 'support', replier_name: 'A. Name', content, create_time });
    const [identity, messageClass] = [`${name}${name}${name}.1` as MessageIdentity, name as MessageClass];
    return { kind: 'message', caseId, message, identity, class: messageClass, sentAt: now, seenAt: now };
  }

  /** Makes tickets members of sets, and returns them by set. */
  private async want(tickets: readonly CaseId[]): Promise<CaseId[][]> {
    const now = Date.now();
    for (let at = 0; at < tickets.length; at += SET_SIZE) {
      await this.registry.want(FEED, tickets.slice(at, at + SET_SIZE), now, now + DAY_MS, 'arrival');
    }
    const placed = await this.commands.hmget(`${this.keys.base(FEED)}place`, ...tickets);
    const groups = new Map<number, CaseId[]>();
    tickets.forEach((caseId, at) => {
      const id = Number(placed[at]);
      groups.set(id, [...(groups.get(id) ?? []), caseId]);
      this.sets.set(caseId, { feed: FEED, id });
    });
    for (const [id, group] of groups) {
      const begun = await this.store.begin({ feed: FEED, id }, now, { owner: 'bench', until: now + 10_000 });
      if (begun.kind !== 'begun') throw new Error('a new set is not free');
      const { fence, ref } = begun.set;
      const due = { active: now + DAY_MS, idle: now + DAY_MS };
      // A lease that goes on keeps the set from being merged with others.
      const lease = { kind: 'extend', until: now + DAY_MS } as const;
      await this.store.commit({ ref, fence, now, entries: [], backfilled: group, due, lease });
    }
    return [...groups.values()];
  }
}
