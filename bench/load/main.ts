import { tokenFor } from '../../test/harness/clients/tokens.js';
import { Account } from './account.js';
import { Client } from './client.js';
import { Histogram } from './histogram.js';
import { ticketName, type Crowd, type Opening, type Order, type Report } from './orders.js';

/** Longer than any benchmark, seconds. */
const TOKEN_S = 7200;

/** The load client: a process of its own, told over IPC what to do. */
const account = new Account();
let clients: Client[] = [];

async function obey(order: Order): Promise<Report> {
  switch (order.kind) {
    case 'open':
      clients = await crowd(order.crowd);
      account.arrivals = order.crowd.keepsArrivals ? [] : null;
      return opened(order.crowd.atOnce);
    case 'clear':
      account.clear();
      return report();
    case 'report':
      return report();
    case 'arrivals':
      return { ...report(), arrivals: account.arrivals };
    case 'cut':
      clients.forEach((client) => client.cut());
      return report();
    case 'return':
      return opened(order.atOnce);
    case 'close':
      clients.forEach((client) => client.cut());
      clients = [];
      account.forget();
      return report();
  }
}

async function crowd(wanted: Crowd): Promise<Client[]> {
  const { dialect, port, path, clients: count, tickets, subscribes, keepsIds = false } = wanted;
  const connected = Array.from({ length: count }, async (_, index) => {
    const ticket = index % tickets;
    const name = ticketName(ticket);
    const token = await tokenFor({ sub: `s${index}`, cases: [name], groups: undefined, expiresInS: TOKEN_S });
    const visitor = { port, path, token, ticket: name, subscribes, lastEventId: null };
    return new Client(dialect, visitor, index, ticket, account, keepsIds);
  });
  return Promise.all(connected);
}

async function opened(atOnce: number): Promise<Report> {
  const opening = await openAll(atOnce);
  return { ...report(), opening };
}

async function openAll(atOnce: number): Promise<Opening> {
  const each = new Histogram();
  const closed = clients.filter((client) => !client.isOpen);
  const waiting = closed.toReversed();
  const startedAt = performance.now();
  const worker = async () => {
    for (let client = waiting.pop(); client; client = waiting.pop()) {
      const began = performance.now();
      await client.open();
      each.add(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const recovered = closed.filter((client) => client.recovered).length;
  return { all: performance.now() - startedAt, each: each.summary(), recovered };
}

function report(): Report {
  const { delivered, faults, firstAt, lastAt, latencies } = account;
  const open = clients.filter((client) => client.isOpen).length;
  return { open, delivered, faults, firstAt, lastAt, latencies: latencies.summary(), opening: null, arrivals: null };
}

process.on('message', (order: Order) => {
  obey(order).then(
    (done) => process.send?.({ done }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
