import {
  QUARANTINE_FIRST_MS,
  QUARANTINE_MAX_MS,
  DEGRADED_AFTER_FAILURES,
  newEpoch,
  BoundedMap,
  REST_MAX_MS,
  setName,
  UPSTREAM_FAILURES,
  type AfterCommit,
  type Begun,
  type CaseId,
  type Committed,
  type CursorHistory,
  type FeedKey,
  type ListingOrder,
  type DeltaEntry,
  type PollFailure,
  type Bisection,
  type SetCommit,
  type SetRef,
  type SetStore,
  type StreamPosition,
  type BisectionStep,
} from '#core';

import { publishCommand, type RedisClient } from './connection.js';
import { GroupCommit } from './group-commit.js';
import { type Keys } from './keys.js';
import { Scripts, type ScriptArgument } from './scripts.js';
import { WakeChannel } from './wake-channel.js';

/** Bounds of what is kept per ticket. */
export interface HistoryBounds {
  /** `HISTORY_MAX_EVENTS`. */
  readonly historyMaxEvents: number;
  /** `HISTORY_TTL_S`. */
  readonly historyTtlS: number;
}

export interface SetBounds extends HistoryBounds {
  /** `UPSTREAM_MAX_CASE_IDS`. */
  readonly upstreamMaxCaseIds: number;
}

/**
 * How many delivered messages of a ticket are remembered, the newest ones. Far more than a conversation has; beyond
 * it, a ticket that is polled from the beginning again would deliver its oldest messages again.
 */
const DELIVERED_MAX = 10_000;

/** Member lists kept in memory, so that a poll does not fetch a hundred ids that it knows. */
const REMEMBERED_SETS = 20_000;

/** Feeds of which the furthest position is remembered: groups come and go, and a worker lives for months. */
const REMEMBERED_FEEDS = 10_000;

interface KnownMembers {
  readonly membersDigest: string;
  readonly caseIds: readonly CaseId[];
}

/** The workers' side of the store: begin.lua, commit.lua, fail.lua and suspect.lua. */
export class RedisSetStore implements SetStore {
  private readonly scripts: Scripts;
  private readonly publish: string;
  private readonly group = new GroupCommit();
  private readonly wake: WakeChannel;
  /** The furthest of each feed that was seen here: a Redis that has less has lost its end. */
  private readonly positions = new BoundedMap<FeedKey, StreamPosition>(REMEMBERED_FEEDS);
  private readonly members = new BoundedMap<string, KnownMembers>(REMEMBERED_SETS);

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
    private readonly bounds: SetBounds,
  ) {
    this.wake = new WakeChannel(client, keys);
    this.scripts = new Scripts(client);
    this.publish = publishCommand(client);
  }

  async begin(ref: SetRef, now: number, heldUntil: number, holder: string): Promise<Begun> {
    const key = setName(ref);
    const known = this.members.get(key);
    const answer = (await this.run('begin', ref, [
      ms(now),
      ms(heldUntil),
      known?.membersDigest ?? '',
      holder,
    ])) as string[];
    const [
      kind = 'gone',
      first = '',
      membersDigest = '',
      members,
      joining = '',
      cursorHistory,
      digest,
      order,
      active,
      due,
      failures,
      bisection,
    ] = answer;
    if (kind !== 'begun') {
      this.members.delete(key);
      return kind === 'busy' ? { kind: 'busy', until: Number(first) } : { kind: 'gone' };
    }
    const caseIds = typeof members === 'string' ? list(members) : (known?.caseIds ?? []);
    this.members.set(key, { membersDigest, caseIds });
    return {
      kind: 'begun',
      set: {
        ref,
        fence: Number(first),
        members: caseIds,
        joining: list(joining),
        cursorHistory: cursorHistory ? (JSON.parse(cursorHistory) as CursorHistory) : null,
        answerDigest: digest || null,
        order: order as ListingOrder,
        activeAt: Number(active),
        dueAt: Number(due),
        failures: Number(failures),
        bisection: readBisection(bisection),
      },
    };
  }

  commit(commit: SetCommit): Promise<Committed> {
    return this.group.commit({ commit: (c) => this.commitNow(c) }, commit);
  }

  private async commitNow(commit: SetCommit): Promise<Committed> {
    const { learned } = commit;
    const known = this.positions.get(commit.ref.feed);
    const answer = (await this.run('commit', commit.ref, [
      commit.fence,
      ms(commit.now),
      ...afterArguments(commit.after),
      REST_MAX_MS,
      ms(commit.due.active),
      ms(commit.due.idle),
      learned ? 1 : 0,
      learned?.cursorHistory ? JSON.stringify(learned.cursorHistory) : '',
      learned?.answerDigest ?? '',
      learned?.order ?? '',
      this.bounds.historyMaxEvents,
      this.bounds.historyTtlS * 1000,
      this.publish,
      newEpoch(commit.now, Math.random()),
      DELIVERED_MAX,
      commit.backfilled.join('\n'),
      this.bounds.upstreamMaxCaseIds,
      known?.epoch ?? '',
      known?.offset ?? 0,
      commit.bisection === undefined ? '-' : bisectionText(commit.bisection),
      ...commit.entries.flatMap(entryArguments),
    ])) as (string | number)[];
    const [kind, fence, published, due, joining, reserved, epoch, offset, ...changed] = answer;
    if (kind !== 'committed') {
      return kind === 'conflict' ? { kind: 'conflict' } : { kind: 'gone' };
    }
    if (typeof epoch === 'string' && epoch !== '') {
      this.positions.set(commit.ref.feed, { epoch, offset: Number(offset) });
    }
    await this.wake.tell(changed.map((id) => ({ feed: commit.ref.feed, id: Number(id) })));
    return {
      kind: 'committed',
      fence: Number(fence),
      published: Number(published),
      dueAt: Number(due),
      reserved: Number(reserved) === 1,
      joining: Number(joining) === 1,
    };
  }

  async release(ref: SetRef, fence: number, holder: string): Promise<void> {
    await this.run('release', ref, [fence, holder]);
  }

  async fail(failure: PollFailure): Promise<void> {
    const { reason } = UPSTREAM_FAILURES[failure.code];
    const when = [ms(failure.now), ms(failure.dueAt)];
    await this.run('fail', failure.ref, [failure.fence, ...when, reason, DEGRADED_AFTER_FAILURES, this.publish]);
  }

  async recordBisection({ ref, fence, now, bisection, quarantined, retry }: BisectionStep): Promise<void> {
    const due = retry === undefined ? '' : ms(retry.at);
    const told = [retry?.code === undefined ? '' : UPSTREAM_FAILURES[retry.code].reason, DEGRADED_AFTER_FAILURES];
    const waits = [QUARANTINE_FIRST_MS, QUARANTINE_MAX_MS];
    await this.run('suspect', ref, [
      fence,
      ms(now),
      bisectionText(bisection),
      due,
      this.publish,
      ...waits,
      ...told,
      ...quarantined,
    ]);
  }

  private run(
    name: 'begin' | 'release' | 'commit' | 'fail' | 'suspect',
    ref: SetRef,
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    return this.scripts.run(name, this.keys.feed(ref.feed), [this.keys.base(ref.feed), ref.id, ...args]);
  }
}

function afterArguments(after: AfterCommit | undefined): [string, number, string] {
  switch (after?.kind) {
    case 'more':
      return ['more', ms(after.heldUntil), ''];
    case 'rest':
      return ['rest', after.holdMs, after.holder];
    case undefined:
      return ['free', 0, ''];
  }
}

function entryArguments(entries: DeltaEntry): ScriptArgument[] {
  return entries.kind === 'status'
    ? ['s', entries.caseId, entries.status, ms(entries.seenAt), '-', '']
    : [
        'm',
        entries.caseId,
        entries.identity,
        ms(entries.seenAt),
        entries.sentAt === null ? '-' : ms(entries.sentAt),
        entries.message,
      ];
}

/** A bisection as it is stored: its name for `unconfirmedSince` is older, and other releases read it. */
type StoredBisection = Omit<Bisection, 'unconfirmedSince'> & { readonly warySince?: number };

/** Scripts keep it and do not look into it. */
function bisectionText(bisection: Bisection | null): string {
  if (bisection === null) {
    return '';
  }
  const { unconfirmedSince: warySince, ...rest } = bisection;
  return JSON.stringify({ ...rest, warySince } satisfies StoredBisection);
}

function readBisection(text: string | undefined): Bisection | null {
  if (!text) {
    return null;
  }
  const { warySince, ...rest } = JSON.parse(text) as StoredBisection;
  return { ...rest, ...(warySince !== undefined && { unconfirmedSince: warySince }) };
}

/** Times travel as whole milliseconds. */
function ms(time: number): number {
  return Math.round(time);
}

function list(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
