import type { Client } from './client.js';
import { account, faultless, type AccountOptions } from './ledger.js';
import type { SimulatorControl } from './simulator-control.js';
import { until } from './until.js';

export interface ExpectOptions extends AccountOptions {
  /** How long the last message may take, ms. */
  readonly withinMs?: number;
  /** How long to go on listening for what should not come, ms. */
  readonly quietMs?: number;
}

/**
 * Expects every client to have, of its tickets, all that was posted: once per posting, in order, without a gap.
 *
 * @returns how many messages the clients got together
 */
export async function expectEverything(
  upstream: SimulatorControl,
  clients: readonly Client[],
  options: ExpectOptions = {},
): Promise<number> {
  const { withinMs = 15_000, quietMs = 800 } = options;
  const posted = await Promise.all(clients.map((client) => upstream.ledger(client.options.caseIds)));
  const missing = () =>
    clients.reduce(
      (sum, { recording }, at) => sum + Math.max(0, (posted[at]?.length ?? 0) - recording.messages.length),
      0,
    );
  const last = Math.max(0, ...posted.flat().map(({ visible_at }) => visible_at - Date.now()));
  // What is missing when the time is up is named below, message by message.
  await until(() => missing() === 0, last + withinMs, '').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, quietMs));
  const accounts = clients.map((client, at) => account(posted[at] ?? [], client.recording, options));
  expect(accounts).toEqual(posted.map((each) => faultless(each.length)));
  return accounts.reduce((sum, { delivered }) => sum + delivered, 0);
}
