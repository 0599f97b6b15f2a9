import { DelayedError, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** BullMQ alone: jobs that do nothing but delay themselves by an interval. */
const { url, jobs, intervalMs } = JSON.parse(process.env['SETTINGS'] ?? '{}') as {
  url: string;
  jobs: number;
  intervalMs: number;
};
const connection = new Redis(url, { maxRetriesPerRequest: null });
const settings = { connection, prefix: '{bare}', streams: { events: { maxLen: 100 } } };
const queue = new Queue('bare', settings);
let done = 0;

async function main(): Promise<void> {
  const data = (at: number) => ({ name: 'poll', data: { set: at }, opts: { jobId: `bare/${at}` } });
  for (let at = 0; at < jobs; at += 500) {
    const size = Math.min(500, jobs - at);
    await queue.addBulk(Array.from({ length: size }, (_, offset) => data(at + offset)));
  }
  const worker = new Worker<{ set: number }>(
    'bare',
    async (job, lock) => {
      done += 1;
      const phase = ((job.data.set * 0.618034) % 1) * intervalMs;
      await job.moveToDelayed(
        Math.ceil((Math.floor((Date.now() - phase) / intervalMs) + 1) * intervalMs + phase),
        lock,
      );
      throw new DelayedError();
    },
    { ...settings, concurrency: 200, lockDuration: 5000, stalledInterval: 2000, maxStalledCount: 1e9 },
  );
  worker.on('error', () => undefined);
  process.send?.({ ready: true });
}

process.on('message', () => {
  process.send?.({ done });
  done = 0;
});
process.on('disconnect', () => process.exit());
void main();
