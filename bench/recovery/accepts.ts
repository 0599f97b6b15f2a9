import { Bare } from '../contenders/bare.js';
import { Centrifugo } from '../contenders/centrifugo.js';
import type { ContenderKind } from '../contenders/contender.js';
import { Mercure } from '../contenders/mercure.js';
import { present } from '../contenders/present.js';
import type { LoadClient } from '../load/load-client.js';
import { show, spreadOf, table } from '../support/statistics.js';

/** Like the places of a recovery: a server that was just started, and the same one when all clients have gone. */
const STATES = ['new', 'same'] as const;
export type State = (typeof STATES)[number];

/** What other servers need to accept as many clients at once. They replay nothing to them. */
export interface Accepted {
  readonly name: string;
  readonly state: State;
  readonly clients: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** CPU of the server per client, microseconds. */
  readonly cpuUs: number;
}

/** The bare library for each of Pollcast's transports. */
export const BARE = { sse: 'bare node:http SSE', 'socket.io': 'bare Socket.IO' } as const;

const KINDS: readonly ContenderKind[] = [
  new Bare(BARE.sse, 'bare-sse', 'sse', '/?ticket={ticket}'),
  new Bare(BARE['socket.io'], 'bare-socket-io', 'socket.io', '/socket.io/?EIO=4&transport=websocket'),
  new Centrifugo(),
  new Mercure(),
];

/** Says which peers cannot be measured. @returns the others */
export function othersHere(): readonly ContenderKind[] {
  return present(KINDS);
}

export async function* acceptedAtOnce(
  kind: ContenderKind,
  plan: { readonly clients: number; readonly tickets: number },
  load: LoadClient,
): AsyncGenerator<Accepted> {
  const contender = await kind.start();
  const { server, endpoint } = contender;
  try {
    for (const state of STATES) {
      const before = server.cpuUs;
      const { opening } = await load.run({ kind: 'open', plan: { ...endpoint, ...plan, atOnce: plan.clients } });
      const cpuUs = (server.cpuUs - before) / plan.clients;
      await load.run({ kind: 'close' });
      const { p50 = NaN, p99 = NaN, max = NaN } = opening?.each ?? {};
      yield { name: kind.name, state, clients: plan.clients, p50, p99, max, cpuUs };
    }
  } finally {
    await contender.stop();
  }
}

export function medianP99(all: readonly Accepted[], name: string, state: State): number {
  return spreadOf(all.filter((one) => one.name === name && one.state === state).map(({ p99 }) => p99)).median;
}

export function acceptedTable(all: readonly Accepted[]): string {
  const kinds = [...new Map(all.map((one) => [`${one.name} ${one.state}`, one])).values()];
  const lines = kinds.map(({ name, state }) => {
    const of = all.filter((one) => one.name === name && one.state === state);
    const cell = (pick: (one: Accepted) => number) => show(spreadOf(of.map(pick)), 0);
    return [
      name,
      `the ${state} server`,
      cell((one) => one.p50),
      cell((one) => one.p99),
      cell((one) => one.max),
      cell((one) => one.cpuUs),
    ];
  });
  return table(['accepted by', '', 'p50 ms', 'p99 ms', 'max ms', 'CPU us each'], lines);
}
