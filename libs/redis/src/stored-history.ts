import {
  claimOf,
  newEpoch,
  type CaseId,
  type Clock,
  type ExtentWant,
  type FeedKey,
  type HistorySlice,
  type HistorySnapshot,
  type HistoryWant,
  type PageWant,
  type Publication,
  type ReplayExtent,
  type SliceWant,
  type StreamPosition,
  type TicketHistory,
  type TicketPage,
} from '#core';

import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import { readPublication, readUpstreamState } from './publication-text.js';
import type { HistoryBounds } from './redis-set-store.js';
import type { ScriptArguments } from './script-arguments.js';
import { Scripts } from './scripts.js';

export interface StoredHistoryParts {
  readonly commands: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
}

/** A mark on the channel of the asking gateway. It arrives there after everything that was published before the read. */
export interface ReadBarrier {
  readonly channel: string;
  readonly mark: string;
}

/** Tickets that a script is asked for at most. A ticket without events costs it some microseconds. */
const SCRIPT_TICKETS = 250;
/**
 * A slice is read by several scripts, each of some tickets: of no more than this, and of so many that a full slice whose events
 * are spread evenly gives it this many events. So a script takes a millisecond or two. Live publications wait for one at most.
 */
const SLICE_SCRIPT_TICKETS = 100;
const SLICE_SCRIPT_EVENTS = 200;

/** Elements of a row before its events. */
const HEAD_LENGTH = 6;

/** What is still wanted of a ticket. */
type RestWant = Omit<HistoryWant, 'claim'> & { readonly upTo: number | undefined };

type Row = readonly (string | number)[];

/** Reads what Redis keeps of past publications: history.lua, extent.lua, slice.lua, page.lua. */
export class StoredHistory {
  private readonly scripts: Scripts<'history' | 'extent' | 'slice' | 'page'>;

  constructor(
    private readonly parts: StoredHistoryParts,
    bounds: HistoryBounds,
  ) {
    this.scripts = new Scripts(parts.commands, ['history', 'extent', 'slice', 'page'], bounds);
  }

  /**
   * @see Broker.history A script reads a bounded number of events. What the first one does not read, further ones read as of
   *   the instant of the first one.
   * @param barrier published at that instant
   * @throws also where the feed begins a new epoch between two of these scripts
   */
  async history(
    feed: FeedKey,
    wants: readonly HistoryWant[],
    known: StreamPosition | null,
    barrier: ReadBarrier,
  ): Promise<HistorySnapshot> {
    const found = new Map<CaseId, TicketHistory>();
    const quarantined: CaseId[] = [];
    const pending: CaseId[] = [];
    let rest: RestWant[] = wants.map(({ caseId, atLeast, after }) => ({ caseId, atLeast, after, upTo: undefined }));
    let first: Omit<HistorySnapshot, 'quarantined' | 'pending' | 'tickets'> | null = null;
    do {
      const claim = first === null ? claimOf(wants).claim : undefined;
      const mark = first === null ? barrier.mark : undefined;
      const answer = await this.readHistory(feed, rest, { known, claim, channel: barrier.channel, mark });
      const { epoch, offset, upstream, rows } = answer;
      first ??= { epoch, offset, upstream };
      if (epoch !== first.epoch) {
        throw new Error('the feed began a new epoch while its history was read');
      }
      rows.forEach((row, index) => {
        const { caseId } = rest[index] as RestWant;
        found.set(caseId, joined(readTicket(caseId, epoch, row), found.get(caseId)));
        if (Number(row[2]) === 1 && !quarantined.includes(caseId)) {
          quarantined.push(caseId);
        }
        if (Number(row[5]) === 1 && !pending.includes(caseId)) {
          pending.push(caseId);
        }
      });
      rest = restOf(rest, rows, found, first.offset);
    } while (rest.length > 0);
    return { ...first, quarantined, pending, tickets: wants.flatMap(({ caseId }) => found.get(caseId) ?? []) };
  }

  /** @see Broker.extent */
  async extent(feed: FeedKey, wants: readonly ExtentWant[]): Promise<ReplayExtent> {
    const asked = wants.slice(0, SCRIPT_TICKETS);
    const named = this.parts.keys.ofScripts(feed).extent(asked.map(({ caseId }) => caseId));
    const [epoch, offset, ...rows] = (await this.scripts.run('extent', named, {
      base: this.parts.keys.base(feed),
      newEpoch: this.newEpoch(),
      wants: asked.map(({ caseId, count }) => ({ case: caseId, count: count ?? undefined })),
    })) as [string, string, ...Row[]];
    return {
      epoch,
      offset: Number(offset),
      floors: new Map(rows.map(([floor], index) => [asked[index]?.caseId ?? '', Number(floor)])),
      count: rows.reduce((sum, [, events]) => sum + Number(events), 0),
    };
  }

  /** @see Broker.slice */
  async slice(feed: FeedKey, want: SliceWant, known: StreamPosition | null): Promise<HistorySlice> {
    const tickets = [...want.floors];
    const publications: Publication[] = [];
    const lost: CaseId[] = [];
    let position: StreamPosition | null = null;
    const most = ticketsOfScript(tickets.length, want.maxEvents);
    for (let at = 0; at < tickets.length; at += most) {
      const asked = tickets.slice(at, at + most);
      const [epoch, offset, fits, gone, ...rows] = await this.readSlice(feed, asked, want, publications, known);
      position ??= { epoch, offset: Number(offset) };
      if (position.epoch !== epoch || fits === 0) {
        return { ...position, epoch, publications: null, lost: [] };
      }
      lost.push(...gone.map((index) => caseIdAt(asked, index)));
      for (const [index, ...texts] of rows) {
        const caseId = caseIdAt(asked, Number(index));
        texts.forEach((text) => publications.push(readPublication(caseId, String(text), epoch)));
      }
    }
    if (position === null) {
      throw new Error('a slice of no ticket was asked for');
    }
    publications.sort((a, b) => a.offset - b.offset);
    return { ...position, publications, lost };
  }

  /** @see Broker.page */
  async page(feed: FeedKey, { caseId, after, limit }: PageWant): Promise<TicketPage> {
    const answer = (await this.scripts.run('page', this.parts.keys.ofScripts(feed).page(caseId), {
      ...this.feedArguments(feed),
      case: caseId,
      after: after ?? undefined,
      limit,
    })) as [string, string, number, number, number, ...string[]];
    const [epoch, offset, isKnown, truncated, more, ...texts] = answer;
    return {
      epoch,
      offset: Number(offset),
      known: Number(isKnown) === 1,
      truncated: Number(truncated) === 1,
      publications: texts.map((text) => readPublication(caseId, text, epoch)),
      more: Number(more) === 1,
    };
  }

  private async readHistory(feed: FeedKey, rest: readonly RestWant[], { known, claim, channel, mark }: ReadOptions) {
    const named = this.parts.keys.ofScripts(feed).history(rest.map(({ caseId }) => caseId));
    const [epoch, offset, state, since, reason, ...rows] = (await this.scripts.run('history', named, {
      ...this.feedArguments(feed),
      barrierChannel: channel,
      barrier: mark,
      known: known ?? undefined,
      claim,
      wants: rest.map(({ caseId, atLeast, after, upTo }) => ({
        case: caseId,
        atLeast,
        after: after ?? undefined,
        upTo,
      })),
    })) as [string, string, string, string, string, ...Row[]];
    return { epoch, offset: Number(offset), upstream: readUpstreamState([state, since, reason].join(' ')), rows };
  }

  private readSlice(
    feed: FeedKey,
    asked: readonly (readonly [CaseId, number])[],
    { after, upTo, maxEvents, maxBytes }: SliceWant,
    publications: readonly Publication[],
    known: StreamPosition | null,
  ) {
    const bytes = publications.reduce((sum, one) => sum + (one.kind === 'message' ? one.message.length : 0), 0);
    return this.scripts.run('slice', this.parts.keys.ofScripts(feed).slice(asked.map(([caseId]) => caseId)), {
      ...this.feedArguments(feed),
      known: known ?? undefined,
      after,
      upTo,
      events: Math.max(0, maxEvents - publications.length),
      bytes: Math.max(0, maxBytes - bytes),
      cases: asked.map(([caseId]) => caseId),
      floors: asked.some(([, floor]) => floor > after) ? asked.map(([, floor]) => floor) : undefined,
    } satisfies ScriptArguments['slice']) as Promise<[string, string, number, readonly number[], ...Row[]]>;
  }

  private feedArguments(feed: FeedKey) {
    const now = Math.round(this.parts.clock.now());
    return { base: this.parts.keys.base(feed), now, newEpoch: this.newEpoch(now) };
  }

  private newEpoch(now = Math.round(this.parts.clock.now())): string {
    return newEpoch(now, Math.random());
  }
}

interface ReadOptions {
  readonly known: StreamPosition | null;
  readonly claim: StreamPosition | undefined;
  readonly channel: string;
  readonly mark: string | undefined;
}

/** @param epoch the present one: publications that are left from an older epoch belong to it */
function readTicket(caseId: CaseId, epoch: string, row: Row): TicketHistory {
  const [completeAfter = '', exhausted, , , status = '', , ...texts] = row;
  const publications = texts.map((text) => readPublication(caseId, String(text), epoch));
  return {
    caseId,
    publications,
    completeAfter: completeAfter === '' ? (publications[0]?.previous ?? 0) : Number(completeAfter),
    exhausted: Number(exhausted) === 1,
    readStatus: status === '' ? null : Number(status),
  };
}

/** A ticket's history of which the newer part was read first. */
function joined(older: TicketHistory, newer: TicketHistory | undefined): TicketHistory {
  return newer === undefined ? older : { ...older, publications: [...older.publications, ...newer.publications] };
}

/**
 * What the next script is asked for.
 *
 * @param upTo the feed's offset at the instant of the first script
 */
function restOf(
  asked: readonly RestWant[],
  rows: readonly Row[],
  found: ReadonlyMap<CaseId, TicketHistory>,
  upTo: number,
): RestWant[] {
  const unread = asked.slice(rows.length).map((want) => ({ ...want, upTo }));
  const cut = asked[rows.length - 1];
  if (cut === undefined || Number(rows.at(-1)?.[3]) !== 1) {
    return unread;
  }
  const read = (rows.at(-1)?.length ?? 0) - HEAD_LENGTH;
  const oldest = found.get(cut.caseId)?.publications[0]?.offset ?? upTo + 1;
  return [{ ...cut, atLeast: Math.max(0, cut.atLeast - read), upTo: oldest - 1 }, ...unread];
}

function ticketsOfScript(tickets: number, maxEvents: number): number {
  const share = Math.ceil((tickets * SLICE_SCRIPT_EVENTS) / Math.max(1, maxEvents));
  return Math.max(1, Math.min(SLICE_SCRIPT_TICKETS, share));
}

function caseIdAt(asked: readonly (readonly [CaseId, number])[], index: number): CaseId {
  return asked[index - 1]?.[0] ?? '';
}
