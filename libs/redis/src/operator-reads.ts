import type { CaseId, CursorHistory, FeedKey } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import type { Overview } from './overview-watch.js';
import { readPublication, readUpstreamState } from './publication-text.js';

/** Feeds that are looked through for a ticket in one step, and at most. */
const FEEDS_AT_ONCE = 100;
const FEEDS_MAX = 10_000;

/** What Redis has of a feed. */
export interface FeedFacts {
  readonly feed: FeedKey;
  readonly sets: number;
  /** Tickets that are wanted. */
  readonly tickets: number;
  readonly quarantined: number;
  /** Sets whose polls fail. */
  readonly failing: number;
  readonly upstream: { readonly state: 'ok' | 'degraded'; readonly since: number; readonly reason?: string };
  /** When the set that waits longest is, or was, due, ms; null without sets. */
  readonly earliestDue: number | null;
  /** When the feed was paused, ms; null: it is not. */
  readonly pausedAt: number | null;
  /** How many publications it has had in this epoch. */
  readonly publications: number;
}

/** What Redis has of a ticket set. Times are ms since 1970; null: never. */
export interface SetFacts {
  readonly feed: FeedKey;
  readonly set: number;
  readonly members: number;
  /** Tickets that wait for their backfill. */
  readonly joining: number;
  /** Id of the worker that has its lease; null: nobody has. */
  readonly owner: string | null;
  readonly leaseUntil: number | null;
  readonly dueAt: number | null;
  readonly answeredAt: number | null;
  /** When it last had news. */
  readonly activeAt: number | null;
  /** Failed polls in a row. */
  readonly failures: number;
  /** The newest failed poll. */
  readonly error: { readonly reason: string; readonly at: number } | null;
  /** A refused ticket is searched for. */
  readonly isSearched: boolean;
  /** When the upstream gave the cursor that is the furthest, and when the poll was sent that was answered last. */
  readonly cursor: { readonly givenAt: number; readonly polledAt: number } | null;
}

/** What Redis has of a ticket in one feed. */
export interface TicketFacts {
  readonly feed: FeedKey;
  /** Until when it is wanted, ms; null: nobody wants it. */
  readonly wantedUntil: number | null;
  readonly set: SetFacts | null;
  readonly quarantine: { readonly until: number; readonly refusals: number } | null;
  /** Without its contents. */
  readonly lastPublication: {
    readonly kind: 'message' | 'status' | 'unread';
    readonly offset: number;
    readonly seenAt: number;
  } | null;
  readonly upstream: FeedFacts['upstream'];
  readonly pausedAt: number | null;
}

/** A ticket that the upstream refuses. */
export interface QuarantinedTicket {
  readonly feed: FeedKey;
  readonly caseId: CaseId;
  /** When it is asked for again, ms since 1970; infinite: not before it is released. */
  readonly until: number;
  /** How often it was refused. */
  readonly refusals: number;
}

/** What operators read. Each call reads a bounded part and changes nothing; together the parts are no snapshot. */
export class OperatorReads {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
  ) {}

  /** All feeds, in the order of their names. @throws what Redis answers, or a timeout */
  async feedNames(): Promise<readonly FeedKey[]> {
    return ((await this.client.zrange(this.keys.feeds, '0', '-1')) as FeedKey[]).sort();
  }

  /**
   * The feeds that know a ticket: it is wanted, quarantined, or has a history.
   *
   * @param most how many are looked for
   * @throws what Redis answers, or a timeout
   */
  async feedsOf(caseId: CaseId, most: number): Promise<readonly FeedKey[]> {
    const names = (await this.feedNames()).slice(0, FEEDS_MAX);
    const found: FeedKey[] = [];
    for (let at = 0; at < names.length && found.length < most; at += FEEDS_AT_ONCE) {
      const part = names.slice(at, at + FEEDS_AT_ONCE);
      const known = await Promise.all(part.map((feed) => this.knows(feed, caseId)));
      found.push(...part.filter((_feed, index) => known[index]));
    }
    return found.slice(0, most);
  }

  /** @throws what Redis answers, or a timeout */
  async ticket(feed: FeedKey, caseId: CaseId): Promise<TicketFacts> {
    const { client } = this;
    const base = this.keys.base(feed);
    const [wanted, place, retryAt, refusals, state, last] = await Promise.all([
      client.zscore(`${base}interest`, caseId),
      client.hget(`${base}place`, caseId),
      client.zscore(`${base}apart`, caseId),
      client.hget(`${base}ticket:${caseId}`, 'refusals'),
      this.state(feed),
      client.xrevrange(`${base}history:${caseId}`, '+', '-', 'COUNT', 1),
    ]);
    const text = last[0]?.[1][1];
    const publication = text === undefined ? null : readPublication(caseId, text);
    return {
      feed,
      wantedUntil: numberOf(wanted),
      set: place === null ? null : await this.set(feed, Number(place)),
      quarantine: retryAt === null ? null : { until: Number(retryAt), refusals: Number(refusals) },
      lastPublication: publication && {
        kind: publication.kind,
        offset: publication.offset,
        seenAt: publication.seenAt,
      },
      upstream: state.upstream,
      pausedAt: state.pausedAt,
    };
  }

  /** @throws what Redis answers, or a timeout */
  async feed(feed: FeedKey): Promise<FeedFacts> {
    const { client } = this;
    const base = this.keys.base(feed);
    const [sets, tickets, quarantined, failing, [, due], state] = await Promise.all([
      client.zcard(`${base}due`),
      client.zcard(`${base}interest`),
      client.zcard(`${base}apart`),
      client.scard(`${base}failing`),
      client.zrange(`${base}due`, '0', '0', 'WITHSCORES'),
      this.state(feed),
    ]);
    return { feed, sets, tickets, quarantined, failing, earliestDue: numberOf(due), ...state };
  }

  /** The sets of a feed, the one that is due first at the front. @throws what Redis answers, or a timeout */
  async sets(feed: FeedKey, from: number, count: number): Promise<readonly SetFacts[]> {
    const ids = await this.client.zrange(this.keys.due(feed), String(from), String(from + count - 1));
    return (await Promise.all(ids.map((id) => this.set(feed, Number(id))))).filter((set) => set !== null);
  }

  /** The quarantined tickets of a feed, the one that is asked for next at the front. @throws what Redis answers, or a timeout */
  async quarantined(feed: FeedKey, count: number): Promise<readonly QuarantinedTicket[]> {
    const base = this.keys.base(feed);
    const rows = await this.client.zrange(`${base}apart`, '0', String(count - 1), 'WITHSCORES');
    const tickets: QuarantinedTicket[] = [];
    for (let at = 0; at < rows.length; at += 2) {
      const caseId = rows[at] as CaseId;
      const refusals = Number(await this.client.hget(`${base}ticket:${caseId}`, 'refusals'));
      tickets.push({ feed, caseId, until: Number(rows[at + 1]), refusals });
    }
    return tickets;
  }

  /** The whole deployment, as one of its processes looked at it last; null: nobody has for minutes. @throws what Redis answers */
  async overview(): Promise<Overview | null> {
    const text = await this.client.get(this.keys.overview);
    return text === null ? null : (JSON.parse(text) as Overview);
  }

  /** Until when the upstream wants no request (429), ms since 1970; 0: never throttled. @throws what Redis answers */
  async quotaOpensAt(): Promise<number> {
    return Number((await this.client.hget(this.keys.quota[0], 'until')) ?? 0);
  }

  private async knows(feed: FeedKey, caseId: CaseId): Promise<boolean> {
    const base = this.keys.base(feed);
    const [wanted, retryAt, kept] = await Promise.all([
      this.client.zscore(`${base}interest`, caseId),
      this.client.zscore(`${base}apart`, caseId),
      this.client.exists(`${base}ticket:${caseId}`),
    ]);
    return wanted !== null || retryAt !== null || kept === 1;
  }

  private async state(feed: FeedKey): Promise<Pick<FeedFacts, 'upstream' | 'pausedAt' | 'publications'>> {
    const key = `${this.keys.base(feed)}feed`;
    const [state, since, reason, paused, offset] = await this.client.hmget(
      key,
      'state',
      'since',
      'reason',
      'paused',
      'offset',
    );
    return {
      upstream: readUpstreamState([state, since ?? 0, reason].join(' ')),
      pausedAt: numberOf(paused),
      publications: Number(offset ?? 0),
    };
  }

  private async set(feed: FeedKey, id: number): Promise<SetFacts | null> {
    const row = await this.client.hmget(
      `${this.keys.base(feed)}set:${id}`,
      ...['fence', 'members', 'joining', 'holder', 'hold', 'due', 'answered', 'lively'],
      ...['failures', 'error', 'failed', 'search', 'trail'],
    );
    const [
      fence,
      members,
      joining,
      owner,
      leaseEnd,
      due,
      answered,
      active,
      failures,
      error,
      failed,
      bisection,
      cursorHistory,
    ] = row;
    if (fence === null || fence === undefined) {
      return null;
    }
    const isLeased = Number(leaseEnd) > 0;
    return {
      feed,
      set: id,
      members: lines(members),
      joining: lines(joining),
      owner: isLeased ? (owner ?? null) : null,
      leaseUntil: isLeased ? Number(leaseEnd) : null,
      dueAt: numberOf(due),
      answeredAt: numberOf(answered),
      activeAt: numberOf(active) || null,
      failures: Number(failures ?? 0),
      error: error && failed ? { reason: error, at: Number(failed) } : null,
      isSearched: !!bisection,
      cursor: cursorOf(cursorHistory),
    };
  }
}

function cursorOf(cursorHistory: string | null | undefined): SetFacts['cursor'] {
  if (!cursorHistory) {
    return null;
  }
  const { samples, polledAt } = JSON.parse(cursorHistory) as CursorHistory;
  return { givenAt: samples.at(-1)?.[0] ?? polledAt, polledAt };
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined || text === '' ? null : Number(text);
}

/** How many ids a field has that joins them by line feeds. */
function lines(text: string | null | undefined): number {
  return text ? text.split('\n').length : 0;
}
