import { feedKey, type Broker, type CaseId, type Feed, type InterestRegistry } from '#core';
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
    const { epoch, offset, quarantined, pending, tickets } = await this.broker.history(
      key,
      [{ caseId, atLeast: history, after: null }],
      null,
    );
    const [ticket] = tickets;
    const publications = ticket?.publications ?? [];
    const status = ticket?.readStatus ?? null;
    const isEmpty = publications.length === 0 && status === null;
    // Nobody may have wanted the ticket yet.
    const isUnknown = isEmpty && (await this.registry.answeredAt(key, [caseId]))[0] === null;
    const cut = {
      caseId,
      status,
      messages: publications.slice(-history || publications.length).filter(({ kind }) => kind === 'message'),
      isQuarantined: quarantined.includes(caseId),
      isPending: isUnknown || pending.includes(caseId),
    };
    return encodeSnapshot(cut, this.ids.idOf({ epoch, offset }), feed.groupId, this.ids);
  }
}
