import { Redis } from 'ioredis';

import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { Deployment } from '../harness/processes/deployment.js';
import { freshTickets } from '../harness/upstream/traffic.js';
import { until } from '../harness/until.js';

const TICKETS = 5000;
const PER_TICKET = 10;

/** What tickets, sets and publications take in Redis. OPERATIONS.md ("Sizing") has these figures. */
describe('the memory of Redis', () => {
  const deployment = new Deployment({
    redis: ['--stream-node-max-bytes', '1024'],
    settings: { POLL_INTERVAL_MS: '1000', POLL_INTERVAL_MAX_MS: '1000', MAX_CASES_PER_SUBSCRIPTION: String(TICKETS) },
  });
  let redis: Redis;

  beforeAll(async () => {
    await deployment.start();
    redis = new Redis(deployment.redis.url);
  }, 60_000);
  afterAll(async () => {
    redis.disconnect();
    await deployment.dispose();
  }, 60_000);

  /** Memory of its data, bytes, once it has stayed the same for a second. */
  async function used(): Promise<number> {
    let [before, now] = [0, 1];
    await until(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        [before, now] = [now, Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1])];
        return Math.abs(now - before) < 20_000;
      },
      60_000,
      'the memory of Redis to stay the same',
    );
    return now;
  }

  /** Mean of the sets' own hashes and of the hashes of their jobs. Indexes and lists are small beside them. */
  async function bytesPerSet(): Promise<number> {
    let [bytes, sets] = [0, 0];
    for await (const names of redis.scanStream({ match: '*', count: 1000 }) as AsyncIterable<string[]>) {
      const hashes = names.filter((name) => /set:\d+$|\{queue\}:.*:.*\d$/.test(name));
      sets += hashes.filter((name) => /set:\d+$/.test(name)).length;
      const sizes = await Promise.all(hashes.map((name) => redis.memory('USAGE', name, 'SAMPLES', 0)));
      bytes += sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    }
    return bytes / sets;
  }

  /** Microseconds of CPU per poll, of the worker and of Redis, over ten seconds without news. */
  async function cpuOfPolls(): Promise<{ readonly worker: number; readonly redis: number }> {
    const read = async (name: string) =>
      [...(await deployment.worker().metrics(name)).values()].reduce((sum, value) => sum + value, 0);
    const ofRedis = async () =>
      [...(await redis.info('cpu')).matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].reduce(
        (sum, [, s]) => sum + Number(s),
        0,
      );
    const all = () => Promise.all([read('process_cpu_seconds_total'), ofRedis(), read('pollcast_polls_total')]);
    const [worker, server, polls] = await all();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const [workerAfter, serverAfter, pollsAfter] = await all();
    const perPoll = (seconds: number) => Math.round((seconds * 1e6) / (pollsAfter - polls));
    return { worker: perPoll(workerAfter - worker), redis: perPoll(serverAfter - server) };
  }

  it('is some hundred bytes for each ticket and each publication', async () => {
    const tickets = freshTickets(TICKETS);
    const token = await tokenFor();
    const empty = await used();
    const client = clientOf('websocket', { token, caseIds: tickets });
    await client.open(deployment.gateway().url);
    const wanted = await used();
    const say = async (rounds: number) => {
      for (let at = 0; at < rounds; at += 1) {
        const content = `${at} `.padEnd(60, 'x');
        await deployment.upstream.post(...tickets.map((case_id) => ({ case_id, content })));
      }
    };
    const delivered = (count: number) =>
      until(() => client.recording.messages.length >= count * TICKETS, 120_000, `${count} messages of each ticket`);
    await say(1);
    await delivered(1);
    const first = await used();
    await say(PER_TICKET);
    await delivered(1 + PER_TICKET);
    const filled = await used();
    const spent = await cpuOfPolls();
    const size = Buffer.byteLength(JSON.stringify(client.recording.messages[0]?.data.message));
    const figures = {
      'bytes of a message': size,
      'bytes per ticket': Math.round((wanted - empty) / TICKETS),
      'bytes of its first publication': Math.round((first - wanted) / TICKETS),
      'bytes of a ticket set and its job': Math.round(await bytesPerSet()),
      'CPU of a worker per idle poll, us': spent.worker,
      'CPU of Redis per idle poll, us': spent.redis,
      'bytes of each further one': Math.round((filled - first) / TICKETS / PER_TICKET),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures['bytes per ticket']).toBeLessThan(4000);
    expect(figures['bytes of its first publication']).toBeLessThan(4000);
    expect(figures['bytes of each further one']).toBeLessThan(3 * size);
    client.close();
  }, 400_000);
});
