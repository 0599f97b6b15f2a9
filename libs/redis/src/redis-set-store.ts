import {
  newEpoch,
  BoundedMap,
  setName,
  UPSTREAM_FAILURES,
  type Begun,
  type CaseId,
  type Committed,
  type CursorHistory,
  type FeedKey,
  type LeaseAfterCommit,
  type ListingOrder,
  type DeltaEntry,
  type PollFailure,
  type Bisection,
  type SetCommit,
  type SetLease,
  type SetRef,
  type SetStore,
  type StreamPosition,
  type BisectionStep,
} from '#core';

import type { RedisClient } from './connection.js';
import { FeedAudit } from './feed-audit.js';
import { keptClass } from './kept-class.js';
import { GroupCommit } from './group-commit.js';
import { type Keys } from './keys.js';
import type { EntryArgument, ScriptArguments } from './script-arguments.js';
import { Scripts } from './scripts.js';
import type { ScriptKeys } from './script-keys.js';
import { SetPacker } from './set-packer.js';

/** Bounds of a ticket's history. */
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

/** Sets whose member lists are kept in memory, so that a poll does not fetch a hundred ids again. */
const CACHED_SETS_MAX = 20_000;

/** Feeds whose furthest position is kept: groups come and go, and a worker runs for months. */
const CACHED_FEEDS_MAX = 10_000;

interface KnownMembers {
  readonly membersDigest: string;
  readonly caseIds: readonly CaseId[];
}

type SetScript = 'begin' | 'release' | 'commit' | 'fail' | 'record-bisection';
const SET_SCRIPTS: readonly SetScript[] = ['begin', 'release', 'commit', 'fail', 'record-bisection'];

/** The workers' side of the store: {@link SET_SCRIPTS}. */
export class RedisSetStore implements SetStore {
  private readonly scripts: Scripts<SetScript>;
  private readonly group = new GroupCommit();
  private readonly packer: SetPacker;
  private readonly audit: FeedAudit;
  /** The furthest position of each feed that was seen here. A Redis that has less has lost its newest data. */
  private readonly positions = new BoundedMap<FeedKey, StreamPosition>(CACHED_FEEDS_MAX);
  private readonly members = new BoundedMap<string, KnownMembers>(CACHED_SETS_MAX);

  constructor(
    client: RedisClient,
    private readonly keys: Keys,
    bounds: SetBounds,
  ) {
    this.packer = new SetPacker(client, keys, bounds);
    this.audit = new FeedAudit(client, keys, bounds);
    this.scripts = new Scripts(client, SET_SCRIPTS, bounds);
  }

  async begin(ref: SetRef, now: number, lease: SetLease): Promise<Begun> {
    const key = setName(ref);
    const known = this.members.get(key);
    const answer = (await this.run('begin', ref, this.keysOf(ref).begin(ref.id), {
      now: ms(now),
      owner: lease.owner,
      leaseUntil: ms(lease.until),
      membersDigest: known?.membersDigest,
    })) as string[];
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
      unknown,
    ] = answer;
    if (kind !== 'begun') {
      this.members.delete(key);
      if (kind === 'busy') {
        return { kind: 'busy', until: Number(first) };
      }
      return (await this.isMadeAgain(ref, now)) ? this.begin(ref, now, lease) : { kind: 'gone' };
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
        isUnknown: unknown === '1',
      },
    };
  }

  commit(commit: SetCommit): Promise<Committed> {
    return this.group.commit({ commit: (c) => this.commitNow(c) }, commit);
  }

  /** What gateways get with the publications of a commit, and history does not keep: `traceparent`; null: nothing. */
  protected trace(): string | null {
    return null;
  }

  /** Whether a set that is gone was lost, and was made again now. */
  private async isMadeAgain(ref: SetRef, now: number): Promise<boolean> {
    return (await this.audit.run(ref.feed, now)).includes(ref.id);
  }

  private async commitNow(commit: SetCommit): Promise<Committed> {
    const { ref, learned, bisection } = commit;
    const entries = commit.entries.map(entryArgument);
    const answer = (await this.run('commit', ref, this.keysOf(ref).commit(ref.id, entries, commit.backfilled), {
      fence: commit.fence,
      now: ms(commit.now),
      entries,
      lease: leaseArgument(commit.lease),
      due: commit.due && { active: ms(commit.due.active), idle: ms(commit.due.idle) },
      learned: learned && {
        cursorHistory: learned.cursorHistory === null ? '' : JSON.stringify(learned.cursorHistory),
        answerDigest: learned.answerDigest ?? '',
        order: learned.order,
      },
      backfilled: commit.backfilled,
      bisection: bisection === undefined ? undefined : bisectionText(bisection),
      known: this.positions.get(ref.feed),
      newEpoch: newEpoch(commit.now, Math.random()),
      trace: entries.length > 0 ? (this.trace() ?? undefined) : undefined,
    })) as (string | number)[];
    const [kind, fence, published, due, joining, reserved, epoch, offset, mayPack] = answer;
    if (kind !== 'committed') {
      const isThere = kind === 'conflict' || (await this.isMadeAgain(ref, commit.now));
      return { kind: isThere ? 'conflict' : 'gone' };
    }
    if (typeof epoch === 'string' && epoch !== '') {
      this.positions.set(ref.feed, { epoch, offset: Number(offset) });
    }
    if (Number(mayPack) === 1) {
      await this.packer.pack(ref.feed, commit.now);
    }
    return {
      kind: 'committed',
      fence: Number(fence),
      published: Number(published),
      dueAt: Number(due),
      reserved: Number(reserved) === 1,
      joining: Number(joining) === 1,
    };
  }

  async release(ref: SetRef, owner: string): Promise<void> {
    await this.run('release', ref, this.keysOf(ref).lease(ref.id), { owner });
  }

  async fail({ ref, fence, now, code, dueAt }: PollFailure): Promise<void> {
    await this.run('fail', ref, this.keysOf(ref).failure(ref.id), {
      fence,
      now: ms(now),
      due: ms(dueAt),
      reason: UPSTREAM_FAILURES[code].reason,
    });
  }

  async recordBisection({ ref, fence, now, bisection, quarantined, retry }: BisectionStep): Promise<void> {
    await this.run('record-bisection', ref, this.keysOf(ref).bisection(ref.id, quarantined), {
      fence,
      now: ms(now),
      bisection: bisectionText(bisection),
      due: retry && ms(retry.at),
      reason: retry?.code && UPSTREAM_FAILURES[retry.code].reason,
      quarantined,
    });
  }

  private run<Name extends SetScript>(
    name: Name,
    ref: SetRef,
    keys: readonly string[],
    args: Omit<ScriptArguments[Name], 'base' | 'id'>,
  ): Promise<unknown> {
    const all = { base: this.keys.base(ref.feed), id: ref.id, ...args } as ScriptArguments[Name];
    return this.scripts.run(name, keys, all);
  }

  private keysOf(ref: SetRef): ScriptKeys {
    return this.keys.ofScripts(ref.feed);
  }
}

function leaseArgument(lease: LeaseAfterCommit | undefined): LeaseAfterCommit | undefined {
  return lease?.kind === 'extend' ? { kind: 'extend', until: ms(lease.until) } : lease;
}

function entryArgument(entry: DeltaEntry): EntryArgument {
  const seenAt = ms(entry.seenAt);
  if (entry.kind === 'status') {
    return { kind: 's', case: entry.caseId, status: entry.status, seenAt };
  }
  const { caseId, identity, message } = entry;
  return {
    kind: 'm',
    case: caseId,
    identity,
    class: keptClass(entry.class),
    seenAt,
    sentAt: entry.sentAt === null ? undefined : ms(entry.sentAt),
    message,
  };
}

/** Scripts store a bisection and do not read it. */
function bisectionText(bisection: Bisection | null): string {
  return bisection === null ? '' : JSON.stringify(bisection);
}

/** One that a worker of an earlier release began has neither time nor proof: it goes on, and blames nobody yet. */
function readBisection(text: string | undefined): Bisection | null {
  return text ? { since: 0, alone: null, ...(JSON.parse(text) as Pick<Bisection, 'suspects' | 'cleared'>) } : null;
}

/** Times are sent as whole milliseconds. */
function ms(time: number): number {
  return Math.round(time);
}

function list(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
