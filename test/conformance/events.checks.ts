import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'expect';

import { account, faultless } from '../harness/upstream/account.js';
import { until } from '../harness/until.js';
import { check, type Check } from './check.js';
import { contentOf, textsOf, TRANSPORTS, type Trial } from './trial.js';

const WAIT_MS = 15_000;
/** Half seconds until a gateway has forgotten what history does not hold. */
const FORGOTTEN_AFTER = 20;
/** A number that JSON.parse would shorten, members in no order, and numbers that a double cannot hold. */
const EXTRA = '"weight":1.10,"big":123456789012345678901,"exp":1e5,"alpha":{"z":[2.0,null],"a":9007199254740993}';

/** Section 2 of PROTOCOL.md. */
export const EVENT_CHECKS: readonly Check[] = [
  check(
    'E1: a message is the object of the upstream, with every member in its order and every number as written',
    async (trial) => {
      const caseId = trial.ticket();
      const clients = await trial.openEach([caseId]);
      await trial.upstream.post({ case_id: caseId, content: contentOf('whole'), extra: `{${EXTRA}}` });
      for (const { recording } of clients) expect((await recording.next('message')).raw).toContain(EXTRA);
      expect((await trial.request(`/v1/cases/${caseId}/messages`)).text).toContain(EXTRA);
    },
  ),

  check(
    'E2: sent_at is the instant of create_time, or null if that cannot be read; seen_at is when it was polled',
    async (trial) => {
      const language = await trial.language();
      const caseId = await trial.ticketWithPast(0, { language });
      const client = await trial.open('sse', [caseId], { language });
      const postedAt = Date.now();
      await trial.upstream.post({ case_id: caseId, content: contentOf('dated'), time_ms: postedAt });
      const { data, at } = await client.recording.next('message');
      expect(data.message['create_time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      expect(data.sent_at).toBe(new Date(Math.floor(postedAt / 1000) * 1000).toISOString());
      expect(data.seen_at).toBe(new Date(data.seen_at).toISOString());
      expect(Date.parse(data.seen_at)).toBeGreaterThanOrEqual(postedAt - 1000);
      expect(Date.parse(data.seen_at)).toBeLessThanOrEqual(at + 1000);

      const message = { content: contentOf('undated'), create_time: 'yesterday' };
      const immsg = [{ incident_id: caseId, message_list: [message] }];
      const body = { imstatus: null, immsg, last_message_time_id: null };
      await trial.inject({ kind: 'status', status: 200, body, case_ids: [caseId], times: 1 });
      const undated = await client.recording.next('message', ({ sent_at }) => sent_at === null);
      expect(undated.data.message).toEqual(message);
    },
  ),

  check('E3: a status is sent when it becomes known and when it changes, and not otherwise', async (trial) => {
    const caseId = trial.ticket();
    const clients = await trial.openEach([caseId]);
    const heard = (statuses: number) =>
      until(
        () => clients.every(({ recording }) => recording.of('status').length >= statuses),
        WAIT_MS,
        `${statuses} statuses`,
      );
    await heard(1);
    const first = clients[0]?.recording.of('status')[0]?.data.status;
    expect([0, 1]).toContain(first);
    const other = first === 0 ? 1 : 0;
    await trial.upstream.setStatus(caseId, other);
    await heard(2);
    await trial.upstream.setStatus(caseId, other);
    await trial.post(caseId, 'a poll later');
    await Promise.all(clients.map(({ recording }) => recording.count(1)));
    await trial.upstream.setStatus(caseId, first === 0 ? 0 : 1);
    await heard(3);
    for (const { recording } of clients) {
      expect(recording.of('status').map(({ data }) => data.status)).toEqual([first, other, first]);
      expect(recording.of('status')[1]?.data).toMatchObject({ case_id: caseId, seen_at: expect.any(String) });
    }
  }),

  check('E4: group_id is there if and only if the subscription named a group', expectGroups, 'groups'),

  check('E5: two messages that are equal in every field are two events with two ids, and keep them', async (trial) => {
    const caseId = trial.ticket();
    const [client, other] = await trial.openEach([caseId]);
    const twin = { case_id: caseId, content: contentOf('twin'), time_ms: Date.now(), is_first_message: 0 as const };
    await trial.upstream.post({ ...twin, count: 2 });
    await client?.recording.count(2);
    await trial.upstream.post(twin);
    const late = await trial.client('sse', [caseId], { history: 1000 });
    for (const each of [client, other]) await each?.recording.count(3);
    await late.open(trial.url);
    const ids = client?.recording.messages.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(3);
    for (const each of [other, late]) expect(each?.recording.messages.map(({ id }) => id)).toEqual(ids);
  }),

  check('E6: live events come in the order of their ids, in the same order for every client', async (trial) => {
    const tickets = Array.from({ length: 6 }, () => trial.ticket());
    const [sse, socket] = await trial.openEach(tickets);
    const part = await trial.open('sse', tickets.slice(2, 4));
    const postings = Array.from({ length: 60 }, (_, at) => ({
      case_id: tickets[at % 6] ?? '',
      content: contentOf(`m${at}`),
    }));
    for (let at = 0; at < 60; at += 12) {
      await trial.upstream.post(...postings.slice(at, at + 12));
      await sse?.recording.count(at + 12);
    }
    await socket?.recording.count(60);
    await part.recording.count(20);
    const order = (each: typeof sse) => each?.recording.messages.map(({ id, data }) => `${id} ${data.case_id}`) ?? [];
    const all = order(sse);
    expect(all).toEqual([...all].sort());
    expect(order(socket)).toEqual(all);
    expect(order(part)).toEqual(all.filter((each) => tickets.slice(2, 4).includes(each.split(' ')[1] ?? '')));
  }),

  check(
    'E7 P2 R3: events that history does not hold any more are told as a gap, before what follows it',
    expectTruncation,
  ),

  check(
    'E8: a failing upstream is told as degraded and then as ok, and what was said meanwhile is delivered',
    async (trial) => {
      const language = await trial.language();
      const caseId = await trial.ticketWithPast(1, { language });
      const clients = await trial.openEach([caseId], { language });
      const end = await trial.inject({ kind: 'status', status: 500, case_ids: [caseId] });
      await trial.post(caseId, 'meanwhile');
      for (const { recording } of clients) {
        const { data } = await recording.next('upstream');
        expect(data).toMatchObject({ state: 'degraded', reason: expect.stringMatching(/^upstream_/) });
        expect(data.since).toBe(new Date(data.since).toISOString());
      }
      const late = await trial.open('sse', [caseId], { language });
      expect(late.recording.frames[0]).toMatchObject({ event: 'upstream', data: { state: 'degraded' } });
      expect(textsOf(late)).toEqual(['past 1']);
      await end();
      for (const client of [...clients, late]) {
        await client.recording.next('upstream', ({ state }) => state === 'ok');
        await client.recording.count(2);
        expect(client.recording.of('upstream').map(({ data }) => data.state)).toEqual(['degraded', 'ok']);
        expect(textsOf(client)).toEqual(['past 1', 'meanwhile']);
      }
    },
  ),

  check(
    'E9: a ticket that the upstream refuses is told as revoked, once per connection, and at the beginning of others',
    expectRevocation,
  ),
];

async function expectGroups(trial: Trial): Promise<void> {
  const { group: groupId } = trial;
  const caseId = trial.ticket();
  for (const transport of TRANSPORTS) {
    const plain = await trial.client(transport, [caseId]);
    const grouped = await trial.client(transport, [caseId], { groupId });
    // A position that was never one: each of them begins with a gap.
    for (const client of [plain, grouped]) {
      client.recording.lastEventId = 'no-position';
      await client.open(trial.url);
    }
    await trial.post(caseId, `of no group, for ${transport}`);
    await trial.upstream.post({
      case_id: caseId,
      group_id: groupId,
      content: contentOf(`of a group, for ${transport}`),
    });
    for (const { recording } of [plain, grouped]) {
      await recording.next('message', ({ message }) => String(message['content']).endsWith(transport));
      await recording.next('status');
    }
    const groups = ({ recording }: typeof plain, event: 'message' | 'status' | 'gap') =>
      new Set(recording.of(event).map(({ data }) => ('group_id' in data ? data.group_id : 'none')));
    for (const event of ['message', 'status', 'gap'] as const) {
      expect([event, ...groups(plain, event)]).toEqual([event, 'none']);
      expect([event, ...groups(grouped, event)]).toEqual([event, groupId]);
    }
  }
}

async function expectTruncation(trial: Trial): Promise<void> {
  const { historyMaxEvents } = trial.target.limits;
  const tickets = [await trial.ticketWithPast(0), await trial.ticketWithPast(0)];
  const [busy = '', idle = ''] = tickets;
  const observer = await trial.open('sse', tickets);
  const position = observer.recording.lastEventId;
  const missed = historyMaxEvents + 10;
  const between = { after: expect.any(String), before: expect.any(String) };
  await trial.post(busy, 'm{n}', missed);
  await trial.post(idle, 'one');
  await observer.recording.count(missed + 1, 60_000);
  for (const transport of TRANSPORTS) {
    const { client, ready } = await resumeFrom(position, transport, trial, tickets);
    const { recording } = client;
    const texts = textsOf(client).filter((text) => text !== 'one');
    expect(recording.messages.length).toBe(texts.length + 1);
    const all = textsOf(observer).filter((text) => text !== 'one');
    if (ready.recovered) {
      // A gateway may know more than history holds. Then nothing is missing.
      expect(texts).toEqual(all);
      continue;
    }
    const gaps = recording.of('gap').map(({ data }) => data);
    expect(gaps).toEqual([{ case_ids: [busy], reason: 'history_truncated', ...between }]);
    expect(texts.length).toBeGreaterThan(0);
    expect(texts).toEqual(all.slice(-texts.length));
    const order = recording.frames.map(({ event }) => event);
    expect(order.indexOf('gap')).toBeLessThan(order.indexOf('message'));
  }
  const { events } = await trial.page(busy, `after=${position}&limit=1000`);
  expect(events[0]).toEqual({ event: 'gap', case_ids: [busy], reason: 'history_truncated', ...between });
  expect(events.length - 1).toBeLessThanOrEqual(historyMaxEvents);
}

/** Resumes until the gateway has forgotten what history does not hold, 10 s at most. */
async function resumeFrom(
  position: string | null,
  transport: (typeof TRANSPORTS)[number],
  trial: Trial,
  tickets: readonly string[],
) {
  for (let attempt = 0; ; attempt += 1) {
    const client = await trial.client(transport, tickets);
    client.recording.lastEventId = position;
    const ready = await client.open(trial.url);
    client.close();
    if (!ready.recovered || attempt >= FORGOTTEN_AFTER) return { client, ready };
    await sleep(500);
  }
}

async function expectRevocation(trial: Trial): Promise<void> {
  const language = await trial.language();
  const good = trial.ticket();
  const bad = await trial.ticketWithPast(1, { language });
  const clients = await trial.openEach([bad, good], { language });
  await trial.inject({ kind: 'refuse_case', case_ids: [bad] });
  const revoked = { case_ids: [bad], reason: 'upstream' };
  for (const { recording } of clients) expect((await recording.next('revoked')).data).toEqual(revoked);
  const late = await trial.open('sse', [bad, good], { language });
  expect(late.recording.frames[0]).toMatchObject({ event: 'revoked', data: revoked });
  await trial.post(good, 'goes on');
  for (const client of [...clients, late]) {
    await client.recording.next('message', ({ case_id }) => case_id === good);
    expect(client.recording.of('revoked')).toHaveLength(1);
    expect(textsOf(client)).toContain('past 1');
  }
}

/** Section 10 of PROTOCOL.md. */
export const PROMISE_CHECKS: readonly Check[] = [
  check(
    'P1: every message is delivered once and in order to clients that are cut off again and again',
    async (trial) => {
      const tickets = Array.from({ length: 4 }, () => trial.ticket());
      const clients = await trial.openEach(tickets);
      const cutting = clients.map(async (client) => {
        for (let round = 1; round <= 3; round += 1) {
          await client.recording.count(round * 12);
          client.cut();
          await client.open(trial.url);
        }
      });
      for (let round = 0; round < 10; round += 1) {
        await trial.upstream.post(...tickets.map((case_id) => ({ case_id, content: contentOf(`round ${round}`) })));
        await clients[0]?.recording.count(Math.max(0, round - 1) * 4);
      }
      await Promise.all(cutting);
      const posted = await trial.upstream.ledger(tickets);
      for (const { recording } of clients) {
        await recording.count(posted.length);
        expect(account(posted, recording)).toEqual(faultless(posted.length));
      }
    },
  ),
];
