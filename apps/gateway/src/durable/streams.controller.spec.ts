import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Publication } from '#core';
import { Refusal } from '#protocol';
import type { Polled, PollRequest } from '../dropin/drop-in-polls.js';
import { nextCursor } from './stream-cursor.js';
import { LONG_POLL_MS, SSE_MS, SSE_STEP_MS } from './stream-times.js';
import { StreamsController } from './streams.controller.js';

const settled = async () => {
  for (let left = 5; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
};
const event = (offset: number) => ({ kind: 'status', caseId: 'A1', epoch: 'e', offset, status: 1, seenAt: 0 });

class TestResponse extends EventEmitter {
  headersSent = false;
  destroyed = false;
  writableNeedDrain = false;
  writableFinished = false;
  status = 0;
  isEnded = false;
  readonly headers = new Map<string, unknown>();
  readonly written: string[] = [];
  setTimeout = () => this;
  setHeader(name: string, value: unknown): this {
    this.headers.set(name, value);
    return this;
  }
  writeHead(status: number): this {
    [this.status, this.headersSent] = [status, true];
    return this;
  }
  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
  end(body?: Buffer): void {
    if (body !== undefined) this.written.push(body.toString());
    this.isEnded = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

/** The test answers the polls, and owns the clock. */
describe('StreamsController', () => {
  let now: number;
  beforeEach(() => {
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  function fixture() {
    const asked: PollRequest[] = [];
    const answers: (() => Promise<Partial<Polled> | null>)[] = [];
    const polls = {
      poll: async (request: PollRequest) => {
        asked.push(request);
        const next = answers.shift() ?? (async () => null);
        const polled = await next();
        const rest = { publications: [], position: { epoch: 'e', offset: 0 }, notices: [], statuses: [] };
        return polled && { ...rest, isPending: false, isFull: false, ...polled };
      },
    };
    const again = jest.fn(async () => undefined);
    const authentication = {
      require: async (_request: unknown, _query: unknown, read: () => unknown) => (read(), { subject: 'alice' }),
      again,
    };
    const ids = {
      resumeFrom: (id: string | null) => (id === null ? { kind: 'start' } : { kind: 'position', id }),
      idOf: ({ offset }: { offset: number }) => `id-${offset}`,
    };
    const reader = { read: (_type: unknown, given: unknown) => given };
    const parts = [authentication, reader, polls, { match: () => 'zh-cn' }, ids];
    const controller = new (StreamsController as unknown as new (...given: unknown[]) => StreamsController)(...parts);
    const read = (query: string) => {
      const socket = { destroyed: false };
      const url = `/v1/streams/cases/A1?${query}`;
      const request = Object.assign(new EventEmitter(), { url, headers: {}, destroyed: false, socket });
      const response = new TestResponse();
      const done = controller.read(request as unknown as IncomingMessage, response as unknown as ServerResponse, 'A1');
      return { request, response, done };
    };
    /** The next poll takes so long, and brings that. */
    const answer = (polled: Partial<Polled> | null, ms = 0) =>
      answers.push(async () => {
        now += ms;
        return polled;
      });
    return { read, answer, answers, asked, again };
  }
  const found = (...offsets: number[]): Partial<Polled> => ({
    publications: offsets.map(event) as unknown as Publication[],
    position: { epoch: 'e', offset: offsets.at(-1) ?? 0 },
  });
  const waits = (asked: readonly PollRequest[]) => asked.map(({ waitMs }) => waitMs);

  it.each([
    ['offset=-1', 0],
    ['offset=-1&live=long-poll', LONG_POLL_MS],
  ])('with %s waits %d ms for news, and a second for what the upstream says first', async (query, waitMs) => {
    const { read, answer, asked } = fixture();
    answer(found(3));
    const { response, done } = read(query);
    await settled();
    response.emit('finish');
    await done;
    expect(asked).toMatchObject([{ waitMs, firstWaitMs: 1000, subject: 'alice', history: undefined }]);
    expect([response.status, JSON.parse(response.written.join(''))]).toMatchObject([200, [{ id: 'id-3' }]]);
    expect(response.headers.get('stream-next-offset')).toBe('id-3');
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
  });

  it.each([true, false])('says whether the answer reaches the end: isFull %s', async (isFull) => {
    const { read, answer } = fixture();
    answer({ ...found(1), isFull });
    const one = read('offset=-1');
    await settled();
    one.response.emit('finish');
    await one.done;
    expect(one.response.headers.get('stream-up-to-date')).toBe(isFull ? undefined : 'true');
    answer({ ...found(1), isFull });
    const live = read('offset=-1&live=sse');
    await live.done;
    expect(live.response.written[0]?.includes('"upToDate":true')).toBe(!isFull);
  });

  it('has another entity tag for the same events up to another position', async () => {
    const { read, answer } = fixture();
    const tags: unknown[] = [];
    for (const offset of [3, 3, 4]) {
      answer({ ...found(3), position: { epoch: 'e', offset } });
      const { response, done } = read('offset=-1');
      await settled();
      response.emit('finish');
      await done;
      tags.push(response.headers.get('etag'));
    }
    expect([tags[0] === tags[1], tags[1] === tags[2]]).toEqual([true, false]);
  });

  it('hears when its client leaves while it waits', async () => {
    const { read, asked } = fixture();
    const { request, done } = read('offset=-1&live=long-poll');
    await done;
    const leave = jest.fn();
    asked[0]?.onLeft(leave);
    expect([leave.mock.calls.length, asked[0]?.hasLeft()]).toEqual([0, false]);
    request.emit('close');
    request.destroyed = true;
    expect([leave.mock.calls.length, asked[0]?.hasLeft()]).toEqual([1, true]);
  });

  it('names after a long poll a cursor beyond the one that its client has', async () => {
    const { read, answer } = fixture();
    const given = Number(nextCursor(undefined, Date.now(), 0)) + 1000;
    answer(found(1));
    const { response, done } = read(`offset=-1&live=long-poll&cursor=${given}`);
    await settled();
    response.emit('finish');
    await done;
    expect(Number(response.headers.get('stream-cursor'))).toBeGreaterThan(given);
  });

  it('answers four reads of a subject at once, and the next one when one of them is taken', async () => {
    const { read, answer } = fixture();
    const reads = Array.from({ length: 6 }, () => {
      answer(found(1));
      return read('offset=-1');
    });
    const ended = () => reads.map(({ response }) => response.isEnded);
    await settled();
    expect(ended()).toEqual([true, true, true, true, false, false]);
    reads[1]?.response.emit('finish');
    await settled();
    expect(ended()).toEqual([true, true, true, true, true, false]);
    for (const { response, done } of reads) {
      await settled();
      response.emit('finish');
      await done;
    }
  });

  describe('live by events', () => {
    it('begins at once, and goes on from what it has told', async () => {
      const { read, answer, asked, again } = fixture();
      answer(found(5));
      answer(found(6), 100);
      const { response, done } = read('offset=now&live=sse');
      await done;
      expect(waits(asked)).toEqual([0, SSE_STEP_MS, SSE_STEP_MS]);
      expect(asked.map(({ from, history }) => [from, history])).toEqual([
        [{ kind: 'start' }, 0],
        [{ kind: 'position', position: { epoch: 'e', offset: 5 }, isProven: true }, undefined],
        [{ kind: 'position', position: { epoch: 'e', offset: 6 }, isProven: true }, undefined],
      ]);
      expect(response.written.map((text) => /"streamNextOffset":"(.*?)"/.exec(text)?.[1])).toEqual(['id-5', 'id-6']);
      expect(again).toHaveBeenCalledTimes(2); // Its rights, before anything is sent.
      expect(response.isEnded).toBe(true);
    });

    it('gets a comment while nothing happens, and ends after its time', async () => {
      const { read, answer, answers, asked } = fixture();
      answer({});
      const steps = SSE_MS / SSE_STEP_MS;
      for (let step = 0; step < steps + 5; step += 1) answer({}, SSE_STEP_MS);
      const { response, done } = read('offset=now&live=sse');
      await done;
      expect(response.written.slice(1)).toEqual(Array.from({ length: steps }, () => ':\n'));
      expect([asked.length, answers.length, response.isEnded]).toEqual([1 + steps, 5, true]);
    });

    it('ends where nobody waits for it any more', async () => {
      const { read, answer, asked } = fixture();
      answer({});
      answer({}, SSE_STEP_MS / 2 - 1);
      answer(found(9));
      const { response, done } = read('offset=now&live=sse');
      await done;
      expect([asked.length, response.isEnded]).toEqual([2, true]);
    });

    it('ends where it fails after it has begun, and is refused where it fails before', async () => {
      const { read, answer, answers } = fixture();
      const fail = async () => Promise.reject(new Refusal('unavailable', 'the store is out of reach'));
      answer({});
      answers.push(fail);
      const begun = read('offset=now&live=sse');
      await begun.done;
      expect([begun.response.written.length, begun.response.isEnded]).toEqual([1, true]);
      answers.push(fail);
      const refused = read('offset=now&live=sse');
      await expect(refused.done).rejects.toMatchObject({ code: 'unavailable' });
      expect([refused.response.headersSent, refused.response.isEnded]).toEqual([false, false]);
    });

    it('waits for a client that reads slowly, and keeps no listener of it', async () => {
      const { read, answer, asked } = fixture();
      answer(found(1));
      answer(found(2));
      const { response, done } = read('offset=-1&live=sse');
      response.writableNeedDrain = true;
      await settled();
      expect(asked).toHaveLength(1);
      response.writableNeedDrain = false;
      response.emit('drain');
      await done;
      expect(asked).toHaveLength(3);
      expect(['drain', 'close'].map((name) => response.listenerCount(name))).toEqual([0, 0]);
    });

    it.each<[string, (response: TestResponse) => void]>([
      ['does not read for ten seconds', () => jest.advanceTimersByTime(10_000)],
      ['leaves', (response) => response.emit('close')],
    ])('is cut where its client %s', async (_, happens) => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
      const { read, answer, asked } = fixture();
      answer(found(1));
      const { response, done } = read('offset=-1&live=sse');
      response.writableNeedDrain = true;
      await settled();
      jest.advanceTimersByTime(9999);
      await settled();
      expect(response.destroyed).toBe(false);
      happens(response);
      await done;
      expect([response.destroyed, asked.length]).toEqual([true, 1]);
      expect(jest.getTimerCount()).toBe(0);
    });
  });
});
