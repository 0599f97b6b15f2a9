import { feedKey, type Broker, type CaseId, type Feed, type FeedKey, type InterestRegistry } from '#core';
import { encodeSnapshot, type PositionIds, Refusal } from '#protocol';
import { STORE_RETRY_MS } from '../edge/deadline.js';

/** Reads a ticket at one position, for a page that a server renders. It does not cause polls. */
export class CaseSnapshot {
  constructor(
    private readonly broker: Pick<Broker, 'history'>,
    private readonly registry: Pick<InterestRegistry, 'answeredAt'>,
    private readonly ids: PositionIds,
  ) {}

  /**
   * @param history past events at most
   * @returns JSON text, as the event `snapshot` has it
   * @throws {Refusal} `unavailable` if the store is out of reach
   */
  async of(feed: Feed, caseId: CaseId, history: number): Promise<string> {
    try {
      return await this.read(feed, caseId, history);
    } catch (cause) {
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS, cause });
    }
  }

  private async read(feed: Feed, caseId: CaseId, history: number): Promise<string> {
    const key = feedKey(feed);
    const first = await this.look(key, caseId, history);
    // Nobody may have wanted the ticket yet.
    const isUnknown = first.isEmpty && (await this.registry.answeredAt(key, [caseId]))[0] === null;
    // If it is known and empty, its first poll may have been answered between these two reads.
    const { position, cut } = first.isEmpty && !isUnknown ? await this.look(key, caseId, history) : first;
    const isPending = isUnknown || cut.isPending;
    return encodeSnapshot({ ...cut, isPending }, this.ids.idOf(position), feed.groupId, this.ids);
  }

  private async look(feed: FeedKey, caseId: CaseId, history: number) {
    const wants = [{ caseId, atLeast: history, after: null }];
    const { epoch, offset, quarantined, pending, tickets } = await this.broker.history(feed, wants, null);
    const [ticket] = tickets;
    const publications = ticket?.publications ?? [];
    const status = ticket?.readStatus ?? null;
    const cut = {
      caseId,
      status,
      messages: publications.slice(-history || publications.length).filter(({ kind }) => kind === 'message'),
      isQuarantined: quarantined.includes(caseId),
      isPending: pending.includes(caseId),
    };
    return { position: { epoch, offset }, cut, isEmpty: publications.length === 0 && status === null };
  }
}
