import { DeliveryStatistics } from './delivery-statistics.js';
import { Client } from './client.js';
import { Histogram } from './histogram.js';
import { SECRET_TOKENS, tokenMaker } from './tokens.js';
import { ticketName, type ConnectionPlan, type Opening, type LoadCommand, type Report } from './commands.js';

/** The load client: a process of its own, which gets its commands over IPC. */
const statistics = new DeliveryStatistics();
let clients: Client[] = [];

async function execute(command: LoadCommand): Promise<Report> {
  switch (command.kind) {
    case 'open':
      clients = await makeClients(command.plan);
      statistics.arrivals = command.plan.keepsArrivals ? [] : null;
      return opened(command.plan.atOnce);
    case 'clear':
      statistics.clear();
      return report();
    case 'report':
      return report();
    case 'arrivals':
      return { ...report(), arrivals: statistics.arrivals };
    case 'cut':
      clients.forEach((client) => client.cut());
      return report();
    case 'reopen':
      return opened(command.atOnce);
    case 'close':
      clients.forEach((client) => client.cut());
      clients = [];
      statistics.forget();
      return report();
  }
}

async function makeClients(plan: ConnectionPlan): Promise<Client[]> {
  const { dialect, port, path, clients: count, tickets, subscribes, keepsIds = false } = plan;
  const makeToken = await tokenMaker(plan.tokens ?? SECRET_TOKENS);
  const connected = Array.from({ length: count }, async (_, index) => {
    const ticket = index % tickets;
    const name = ticketName(ticket);
    const token = await makeToken(index, name);
    const parameters = { port, path, token, ticket: name, subscribes, lastEventId: null };
    return new Client(dialect, parameters, index, ticket, statistics, keepsIds);
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
  const { delivered, faults, firstAt, lastAt, latencies } = statistics;
  const open = clients.filter((client) => client.isOpen).length;
  return { open, delivered, faults, firstAt, lastAt, latencies: latencies.summary(), opening: null, arrivals: null };
}

process.on('message', (command: LoadCommand) => {
  execute(command).then(
    (done) => process.send?.({ done }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
