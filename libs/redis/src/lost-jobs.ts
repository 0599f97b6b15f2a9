import { setName, type DueSet } from '#core';

import { JOB_NAME, jobOf, POLL_DELAY_MAX_MS, POLL_QUEUE, type BullPollQueue } from './bull-poll-queue.js';
import type { RedisClient } from './connection.js';
import { JOB_LATE_MS } from './feed-visits.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** BullMQ sorts delayed jobs by their time in ms, multiplied by this. */
const DELAYED_SCORE_PER_MS = 0x1000;

/** Lists of BullMQ that name the jobs of poll sets, in the order in which lost-jobs.lua takes them. */
const LISTS = ['wait', 'paused', 'active', 'delayed'];

/** Jobs that one call of the script looks at. */
const CALL_JOBS = 250;

/** Finds jobs of the poll queue that are lost as a whole or in part, and makes them again: lost-jobs.lua. */
export class LostJobs {
  private readonly scripts: Scripts<'lost-jobs'>;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly queue: Pick<BullPollQueue, 'makeAgain' | 'wake'>,
  ) {
    this.scripts = new Scripts(client, ['lost-jobs'], {});
  }

  /**
   * Makes the missing jobs of these sets again, and those of which only a part is left, and wakes jobs that are delayed for too
   * long. Other jobs are not changed.
   *
   * @param now ms since 1970
   * @returns how many jobs were missing or not whole
   * @throws if Redis is out of reach
   */
  async makeAgain(sets: readonly DueSet[], now: number): Promise<number> {
    let made = 0;
    for (let start = 0; start < sets.length; start += CALL_JOBS) {
      made += await this.makeSome(sets.slice(start, start + CALL_JOBS), now);
    }
    return made;
  }

  private async makeSome(sets: readonly DueSet[], now: number): Promise<number> {
    const jobs = sets.map(({ ref }) => [setName(ref), JSON.stringify(jobOf(ref))] as const);
    const latest = (Date.now() + 2 * POLL_DELAY_MAX_MS) * DELAYED_SCORE_PER_MS;
    const args = { jobs, name: JOB_NAME, now: Date.now(), latest };
    const places = await this.scripts.run('lost-jobs', this.keysOf(jobs.map(([id]) => id)), args);
    const [missing, mended, stranded] = (places as number[][]).map((some) => some.flatMap((at) => sets[at - 1] ?? []));
    const lost = await this.lostOf(missing ?? [], now);
    await this.queue.makeAgain(lost);
    if (stranded !== undefined && stranded.length > 0) {
      await this.queue.wake(stranded.map(({ ref }) => ({ ref, at: now })));
    }
    return lost.length + (mended?.length ?? 0);
  }

  /**
   * Those of the sets without a job that have lost it. A set that has ended needs none any more. One that was never answered may
   * be a moment old, and its gateway is about to make its job, unless it is late.
   */
  private async lostOf(sets: readonly DueSet[], now: number): Promise<DueSet[]> {
    const rows = await Promise.all(
      sets.map(({ ref }) => this.client.hmget(`${this.keys.base(ref.feed)}set:${ref.id}`, 'fence', 'answered')),
    );
    return sets.filter(({ at }, index) => {
      const [fence, answered] = rows[index] ?? [];
      return typeof fence === 'string' && (typeof answered === 'string' || at <= now - JOB_LATE_MS);
    });
  }

  private keysOf(ids: readonly string[]): string[] {
    const key = (name: string) => `${this.keys.queuePrefix}:${POLL_QUEUE}:${name}`;
    return [this.keys.noJob, ...LISTS.map(key), ...ids.flatMap((id) => [key(id), key(`${id}:lock`)])];
  }
}
