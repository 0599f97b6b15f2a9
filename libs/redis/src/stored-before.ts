import {
  newEpoch,
  type CaseId,
  type DeliveredAt,
  type DeliveredNames,
  type FeedKey,
  type PageBefore,
  type PageBeforeWant,
  type Publication,
} from '#core';
import { keptClass } from './kept-class.js';
import { readPublication } from './publication-text.js';
import type { HistoryBounds } from './redis-set-store.js';
import { Scripts } from './scripts.js';
import type { StoredHistoryParts } from './stored-history.js';

/** Reads history backwards: page-before.lua, delivered-at.lua. */
export class StoredBefore {
  private readonly scripts: Scripts<'page-before' | 'delivered-at'>;

  constructor(
    private readonly parts: StoredHistoryParts,
    bounds: HistoryBounds,
  ) {
    this.scripts = new Scripts(parts.commands, ['page-before', 'delivered-at'], bounds);
  }

  /** @see Broker.pageBefore */
  async pageBefore(feed: FeedKey, { caseId, before, limit }: PageBeforeWant): Promise<PageBefore> {
    const { keys, clock } = this.parts;
    const now = Math.round(clock.now());
    const answer = (await this.scripts.run('page-before', keys.ofScripts(feed).pageBefore(caseId), {
      base: keys.base(feed),
      now,
      newEpoch: newEpoch(now, Math.random()),
      case: caseId,
      before: before ?? undefined,
      limit,
    })) as [string, string, number, number, number, string, string, ...string[]];
    const [epoch, offset, known, wanted, more, begins, oldest, ...texts] = answer;
    const read = (text: string): Publication => readPublication(caseId, text, epoch);
    return {
      epoch,
      offset: Number(offset),
      known: Number(known) === 1,
      publications: texts.map(read),
      more: Number(more) === 1,
      isWanted: Number(wanted) === 1,
      begins: offsetOf(begins),
      oldest: oldest === '' ? null : read(oldest),
    };
  }

  /** @see Broker.deliveredAt */
  async deliveredAt(feed: FeedKey, caseId: CaseId, names: readonly DeliveredNames[]): Promise<DeliveredAt> {
    const asked = names.map((name) => ({ i: name.identity, c: keptClass(name.class) }));
    const { keys } = this.parts;
    const declared = keys.ofScripts(feed).deliveredAt(caseId);
    const args = { base: keys.base(feed), case: caseId, names: asked };
    const [epoch = '', begins = '', ...offsets] = (await this.scripts.run('delivered-at', declared, args)) as string[];
    return { epoch, begins: offsetOf(begins), offsets: offsets.map(offsetOf) };
  }
}

function offsetOf(text: string): number | null {
  return text === '' ? null : Number(text);
}
