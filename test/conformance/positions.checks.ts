import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'expect';

import { until } from '../harness/until.js';
import { check, type Check } from './check.js';
import { contentOf, textsOf, TRANSPORTS } from './trial.js';

/** Events per ticket that a subscription without `history` gets. */
const HISTORY_DEFAULT = 50;

const texts = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `past ${from + at}`);

/** Longest time until the upstream has answered for a ticket again, ms: the usual longest interval, and more. */
const ANSWERED_MS = 15_000;

/** How far two clocks may be apart, ms. */
const CLOCKS_MS = 1000;

/** Section 3 of PROTOCOL.md. */
export const POSITION_CHECKS: readonly Check[] = [
  check(
    'R1: without a position, a subscription is given the last events of each ticket, 50 unless it says',
    async (trial) => {
      const tickets = [await trial.ticketWithPast(HISTORY_DEFAULT + 10), await trial.ticketWithPast(3)];
      for (const transport of TRANSPORTS) {
        for (const history of [undefined, 0, 2, 1000]) {
          const client = await trial.client(transport, tickets, { ...(history !== undefined && { history }) });
          const ready = await client.open(trial.url);
          const perTicket = tickets.map((caseId) =>
            client.recording.frames.filter(
              ({ event, data }) => event !== 'ready' && 'case_id' in data && data.case_id === caseId,
            ),
          );
          // Each ticket has its status and its messages.
          const kept = [HISTORY_DEFAULT + 11, 4];
          expect(perTicket.map(({ length }) => length)).toEqual(
            kept.map((all) => Math.min(all, history ?? HISTORY_DEFAULT)),
          );
          expect(ready).toMatchObject({ recovered: false, replayed: perTicket.flat().length });
          if (history === 2) expect(textsOf(client).sort()).toEqual([...texts(2, 3), ...texts(59, 60)].sort());
          client.close();
        }
      }
    },
  ),

  check('R2: with a position, a subscription is given every later event, whatever history it names', async (trial) => {
    const missed = HISTORY_DEFAULT + 10;
    const caseId = await trial.ticketWithPast(1);
    const clients = await Promise.all(TRANSPORTS.map((each) => trial.open(each, [caseId], { history: 1 })));
    const observer = await trial.open('sse', [caseId]);
    clients.forEach((client) => client.cut());
    await trial.post(caseId, 'missed {n}', missed);
    await observer.recording.count(missed + 1);
    for (const client of clients) {
      expect(await client.open(trial.url)).toMatchObject({ recovered: true, replayed: missed });
      expect(textsOf(client)).toEqual(textsOf(observer));
    }
  }),

  check('R3: recovered is true if and only if a position was named and nothing is missing since', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    for (const transport of TRANSPORTS) {
      const client = await trial.client(transport, [caseId]);
      expect((await client.open(trial.url)).recovered).toBe(false);
      client.cut();
      expect((await client.open(trial.url)).recovered).toBe(true);
      expect(client.recording.of('gap')).toEqual([]);
      client.cut();
      client.recording.lastEventId = 'no-position';
      expect((await client.open(trial.url)).recovered).toBe(false);
      expect(client.recording.of('gap')).toHaveLength(1);
    }
  }),

  check(
    'R4 E7: an unknown position is answered by a gap for all tickets, then by everything that is kept',
    async (trial) => {
      const tickets = [await trial.ticketWithPast(HISTORY_DEFAULT + 5), await trial.ticketWithPast(2)];
      for (const transport of TRANSPORTS) {
        const client = await trial.client(transport, tickets, { history: 1 });
        client.recording.lastEventId = '0';
        expect((await client.open(trial.url)).recovered).toBe(false);
        const [gap, ...rest] = client.recording.frames;
        expect(gap).toMatchObject({ event: 'gap', data: { reason: 'unknown_position' } });
        expect([...(client.recording.of('gap')[0]?.data.case_ids ?? [])].sort()).toEqual([...tickets].sort());
        expect(rest.filter(({ event }) => event === 'gap')).toEqual([]);
        expect(client.recording.messages).toHaveLength(HISTORY_DEFAULT + 7);
      }
    },
  ),

  check(
    'R11: a position that a client invents is answered by a gap to that client, and to nobody else',
    async (trial) => {
      const caseId = await trial.ticketWithPast(2);
      const honest = await Promise.all(TRANSPORTS.map((transport) => trial.open(transport, [caseId])));
      const id = honest[0]?.recording.lastEventId ?? '';
      const ahead = id.replace(/\d{12}/, '9'.repeat(12));
      expect(ahead).not.toBe(id);
      for (const transport of TRANSPORTS) {
        for (const invented of [ahead, ahead.slice(0, id.search(/\d{12}/) + 12)]) {
          const stranger = await trial.client(transport, [caseId]);
          stranger.recording.lastEventId = invented;
          expect((await stranger.open(trial.url)).recovered).toBe(false);
          expect(stranger.recording.of('gap').map(({ data }) => data.reason)).toEqual(['unknown_position']);
          stranger.close();
        }
      }
      await trial.post(caseId, 'after the strangers');
      for (const { recording } of honest) {
        await recording.next('message', ({ message }) => message['content'] === contentOf('after the strangers'));
        expect(recording.of('gap')).toEqual([]);
        expect(recording.messages).toHaveLength(3);
      }
    },
  ),

  check('R5: a replay of several tickets is in the order of ids', async (trial) => {
    const tickets = [trial.ticket(), trial.ticket(), trial.ticket()];
    const observer = await trial.open('sse', tickets);
    for (let round = 1; round <= 3; round += 1) {
      await trial.upstream.post(...tickets.map((case_id) => ({ case_id, content: contentOf(`round ${round}`) })));
      await observer.recording.count(3 * round);
    }
    for (const transport of TRANSPORTS) {
      const client = await trial.open(transport, tickets);
      const ids = client.recording.frames.filter(({ event }) => event !== 'ready').map(({ id }) => id ?? '');
      expect(ids.length).toBeGreaterThanOrEqual(9);
      expect(ids).toEqual([...ids].sort());
      expect(ids.filter((id) => id.length < 1 || id.length > 64)).toEqual([]);
    }
  }),

  check(
    'R6: last_event_id is a position up to which everything was given, and replayed counts messages and statuses',
    async (trial) => {
      const caseId = await trial.ticketWithPast(3);
      for (const transport of TRANSPORTS) {
        const first = await trial.client(transport, [caseId], { history: 1000 });
        const ready = await first.open(trial.url);
        const given = first.recording.frames.filter(({ event }) => event === 'message' || event === 'status');
        expect(ready.replayed).toBe(given.length);
        expect(ready.last_event_id >= (given.at(-1)?.id ?? '')).toBe(true);
        await trial.post(caseId, `later, for ${transport}`);
        await first.recording.next(
          'message',
          ({ message }) => message['content'] === contentOf(`later, for ${transport}`),
        );
        const second = await trial.client(transport, [caseId]);
        second.recording.lastEventId = ready.last_event_id;
        expect(await second.open(trial.url)).toMatchObject({ recovered: true, replayed: 1 });
        expect(textsOf(second)).toEqual([`later, for ${transport}`]);
      }
    },
  ),

  check('R10: ready says when the upstream last answered for the tickets', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    for (const transport of TRANSPORTS) {
      const fresh = await trial.client(transport, [trial.ticket()]);
      const openedAt = Date.now();
      const { last_answer_at: answeredAt } = await fresh.open(trial.url);
      // A fresh ticket is polled at once: the answer may be there before the replay.
      if (answeredAt !== null) expect(Date.parse(answeredAt)).toBeGreaterThanOrEqual(openedAt - CLOCKS_MS);
      await until(
        async () => {
          const client = await trial.client(transport, [caseId], { history: 1 });
          const { last_answer_at } = await client.open(trial.url);
          client.close();
          await sleep(200);
          const seenAt = client.recording.frames.find(({ event }) => event === 'message' || event === 'status')?.data;
          return last_answer_at !== null && last_answer_at >= (seenAt as { seen_at: string }).seen_at;
        },
        ANSWERED_MS,
        'an answer of the upstream that is as new as the newest event',
      );
    }
  }),

  check('R14 H11: a snapshot is a ticket at the position of ready, and over HTTP the same', async (trial) => {
    const caseId = await trial.ticketWithPast(5);
    for (const transport of TRANSPORTS) {
      const client = await trial.client(transport, [caseId], { history: 3, snapshot: 1 });
      const ready = await client.open(trial.url);
      const snapshots = client.recording.of('snapshot').map(({ data }) => data);
      expect(snapshots).toMatchObject([{ id: ready.last_event_id, case_id: caseId, revoked: false, pending: false }]);
      expect(ready).toMatchObject({ replayed: 0, pending: [] });
      const messages = snapshots[0]?.messages ?? [];
      expect(messages.map(({ message }) => message['content'])).toEqual(
        texts(6 - messages.length, 5).map((text) => contentOf(text)),
      );
      expect(messages.length).toBeGreaterThanOrEqual(2); // One of the three events may be a status.
      expect(await trial.snapshot(caseId, 'history=3')).toMatchObject({ status: snapshots[0]?.status, messages });
      client.close();
    }
  }),

  check('R7: nothing is lost and nothing comes twice between a replay and the first live event', async (trial) => {
    const caseId = await trial.ticketWithPast(0);
    const observer = await trial.open('sse', [caseId]);
    const clients: Awaited<ReturnType<typeof trial.open>>[] = [];
    const messages = 60;
    const posting = (async () => {
      for (let at = 0; at < messages; at += 1) {
        await trial.post(caseId, `m${at}`);
        await sleep(20);
      }
    })();
    for (let at = 0; at < 6; at += 1) {
      clients.push(await trial.open(at % 2 === 0 ? 'sse' : 'websocket', [caseId], { history: 1000 }));
      await sleep(100);
    }
    await posting;
    await observer.recording.count(messages);
    for (const client of clients) {
      await client.recording.count(messages);
      expect(textsOf(client)).toEqual(Array.from({ length: messages }, (_, at) => `m${at}`));
    }
  }),

  check(
    'R8: a ticket that is added on a resume is given what came after the position, and none of its history',
    async (trial) => {
      const [first, added] = [await trial.ticketWithPast(1), await trial.ticketWithPast(2)];
      const observer = await trial.open('sse', [first, added]);
      for (const transport of TRANSPORTS) {
        const client = await trial.open(transport, [first]);
        client.cut();
        const before = observer.recording.messages.length;
        await trial.post(added, `added, for ${transport}`);
        await trial.post(first, `first, for ${transport}`);
        await observer.recording.count(before + 2);
        const resumed = await trial.client(transport, [first, added]);
        resumed.recording.lastEventId = client.recording.lastEventId;
        expect(await resumed.open(trial.url)).toMatchObject({ recovered: true, replayed: 2 });
        expect(textsOf(resumed).sort()).toEqual([`added, for ${transport}`, `first, for ${transport}`]);
      }
    },
  ),
];
