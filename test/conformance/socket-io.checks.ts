import { expect } from 'expect';
import { io } from 'socket.io-client';
import * as msgpack from 'socket.io-msgpack-parser';

import type { Ready } from '../harness/clients/wire.js';
import { check, type Check } from './check.js';
import { textsOf } from './trial.js';

/** A number of small requests that may always wait on one connection, and a number that is too large. */
const WAITING = 500;
const TOO_MANY_WAITING = 6000;

/** Section 7 of PROTOCOL.md. */
export const SOCKET_IO_CHECKS: readonly Check[] = [
  check(
    'W2: subscribe gives what there is to say, the replay, the acknowledgement, and then live events',
    async (trial) => {
      const caseId = await trial.ticketWithPast(2);
      const client = await trial.client('websocket', [caseId]);
      client.recording.lastEventId = 'no-position';
      const ready = await client.open(trial.url);
      expect(ready).toMatchObject({ ok: true, case_ids: [caseId], recovered: false, replayed: 3 });
      await trial.post(caseId, 'live');
      await client.recording.count(3);
      const events = client.recording.frames.map(({ event }) => event);
      // `ready` stands for the acknowledgement.
      expect(events).toEqual(['gap', 'status', 'message', 'message', 'ready', 'message']);
    },
  ),

  check('W12: a client with the parser of MessagePack is refused in words, and does not come back', async (trial) => {
    const auth = { token: await trial.token() };
    const options = { transports: ['websocket'], parser: msgpack, forceNew: true, reconnectionDelay: 10, auth };
    const socket = trial.closing(io(trial.url, options));
    const error = await new Promise<Error & { data?: object }>((resolve) => socket.once('connect_error', resolve));
    expect([error.message, error.data]).toEqual([expect.any(String), { code: 'invalid' }]);
    expect(socket.active).toBe(false);
  }),

  check('W3: several subscribes on one connection add up, each with a replay of its own', async (trial) => {
    const [first, second] = [await trial.ticketWithPast(1), await trial.ticketWithPast(2)];
    const client = await trial.connect();
    expect(await client.ask<Ready>('subscribe', { case_ids: [first] })).toMatchObject({ ok: true, replayed: 2 });
    const ack = await client.ask<Ready>('subscribe', { case_ids: [second, second] });
    expect(ack).toMatchObject({ ok: true, replayed: 3, case_ids: [second], recovered: false });
    await trial.post(first, 'of the first');
    await trial.post(second, 'of the second');
    await client.recording.count(5);
    expect(textsOf(client).slice(0, 3)).toEqual(['past 1', 'past 1', 'past 2']);
    expect(textsOf(client).slice(3).sort()).toEqual(['of the first', 'of the second']);
  }),

  check('W4: a subscribe to a ticket that is live begins it anew', async (trial) => {
    const caseId = await trial.ticketWithPast(2);
    const client = await trial.open('websocket', [caseId]);
    const again = await client.ask<Ready>('subscribe', { case_ids: [caseId], history: 1 });
    expect(again).toMatchObject({ ok: true, replayed: 1 });
    await trial.post(caseId, 'live');
    await client.recording.count(4);
    await trial.post(caseId, 'the last one');
    await client.recording.count(5);
    expect(textsOf(client)).toEqual(['past 1', 'past 2', 'past 2', 'live', 'the last one']);
  }),

  check(
    'W5: after forbidden everything is as it was before the subscribe',
    async (trial) => {
      const [live, other, foreign] = [await trial.ticketWithPast(1), await trial.ticketWithPast(0), trial.ticket()];
      const client = await trial.open('websocket', [live], { token: await trial.token({ cases: [live, other] }) });
      const ack = await client.ask('subscribe', { case_ids: [live, other, foreign] });
      expect(ack).toMatchObject({ ok: false, error: { code: 'forbidden', case_ids: [foreign] } });
      const observer = await trial.open('sse', [live, other]);
      await trial.post(other, 'not subscribed');
      await observer.recording.next('message', ({ case_id }) => case_id === other);
      await trial.post(live, 'live');
      await client.recording.count(2);
      expect(textsOf(client)).toEqual(['past 1', 'live']);
    },
    'tokens',
  ),

  check(
    'W6: after the acknowledgement of unsubscribe nothing of its tickets comes, and the others go on',
    async (trial) => {
      const [left, kept] = [await trial.ticketWithPast(0), await trial.ticketWithPast(0)];
      const client = await trial.open('websocket', [left, kept]);
      const observer = await trial.open('sse', [left]);
      expect(await client.ask('unsubscribe', { case_ids: [left, 'never-subscribed'] })).toEqual({ ok: true });
      await trial.post(left, 'of the ticket that was left');
      await observer.recording.count(1);
      await trial.post(kept, 'of the other');
      await client.recording.count(1);
      expect(textsOf(client)).toEqual(['of the other']);
    },
  ),

  check('W8: requests are worked off in their order, and what waits is bounded', async (trial) => {
    const caseId = await trial.ticketWithPast(0);
    const client = await trial.connect();
    const done: number[] = [];
    const ask = async (at: number) => {
      const ack = await client.ask(at % 2 === 0 ? 'subscribe' : 'unsubscribe', { case_ids: [caseId] });
      if (ack.ok) done.push(at);
      return ack.ok ? 'ok' : `${ack.error.code}, come back in ${typeof ack.error.retry_ms}`;
    };
    const all = (count: number) => Promise.all(Array.from({ length: count }, (_, at) => ask(at)));
    expect(new Set(await all(WAITING))).toEqual(new Set(['ok']));
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(new Set(await all(TOO_MANY_WAITING))).toEqual(new Set(['ok', 'too_many, come back in number']));
    expect(client.ended).toBeNull();
  }),

  check('W9: an unknown event is refused as invalid in its acknowledgement, or by an error event', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    const client = await trial.connect();
    for (const event of ['publish', 'constructor', '']) {
      const ack = await client.ask(event, { case_ids: [caseId] });
      expect(ack).toMatchObject({ ok: false, error: { code: 'invalid', message: expect.any(String) } });
    }
    client.sendText('2["publish",{}]');
    client.sendText('2["subscribe",{"case_ids":[]}]');
    // A request without an acknowledgement is served.
    client.sendText(`2["subscribe",${JSON.stringify({ case_ids: [caseId] })}]`);
    await client.recording.count(1);
    expect([textsOf(client), client.ended]).toEqual([['past 1'], null]);
    expect(client.recording.of('error').map(({ data }) => [data.request, data.code])).toEqual([
      ['publish', 'invalid'],
      ['subscribe', 'invalid'],
    ]);
  }),
];
