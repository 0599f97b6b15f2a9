import { TooManyUnknownTickets, type Feed, type CaseId, type Interest } from '#core';
import { Refusal, TOO_MANY_REQUESTS } from '#protocol';

/**
 * Counts the unknown ones of the tickets that a client is about to follow.
 *
 * @throws {Refusal} `too_many` where its subject would have more of them than it may have
 * @throws if the store is out of reach
 */
export async function admitUnknown(
  interest: Pick<Interest, 'admit'>,
  feed: Feed,
  caseIds: readonly CaseId[],
  subject: string | null,
): Promise<void> {
  try {
    await interest.admit(feed, caseIds, subject);
  } catch (error) {
    if (error instanceof TooManyUnknownTickets) {
      const { message, retryMs } = error;
      throw new Refusal('too_many', message, { status: TOO_MANY_REQUESTS, retryMs });
    }
    throw error;
  }
}
