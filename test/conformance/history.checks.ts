import { expect } from 'expect';

import { check, type Check } from './check.js';
import { contentOf } from './trial.js';

/** Section 8 of PROTOCOL.md. */
export const HISTORY_CHECKS: readonly Check[] = [
  check(
    'H1: a page is { events, last_event_id, more }, and an event is its data with the name of the event in front',
    async (trial) => {
      const caseId = await trial.ticketWithPast(1);
      const client = await trial.open('sse', [caseId]);
      const { text } = await trial.request(`/v1/cases/${caseId}/messages`);
      const page = JSON.parse(text) as Record<string, unknown>;
      expect(Object.keys(page).sort()).toEqual(['events', 'last_event_id', 'more']);
      const streamed = client.recording.frames.filter(({ event }) => event !== 'ready');
      expect(page['events']).toEqual(streamed.map(({ event, data }) => ({ event, ...data })));
      // The name is in front. Otherwise the event is byte for byte what a stream has.
      for (const { event, raw } of streamed) expect(text).toContain(`{"event":"${event}",${raw.slice(1)}`);
    },
  ),

  check(
    'H2: pages are in the order of ids and join without a gap, and the last one ends where a stream goes on',
    async (trial) => {
      const caseId = await trial.ticketWithPast(7);
      const events = [];
      const sizes: number[] = [];
      let after = '';
      for (let more = true; more;) {
        const page = await trial.page(caseId, `limit=3${after && `&after=${after}`}`);
        events.push(...page.events);
        sizes.push(page.events.length);
        ({ last_event_id: after, more } = page);
      }
      expect(sizes).toEqual([3, 3, 2]);
      const ids = events.map(({ id }) => id ?? '');
      expect(ids).toEqual([...ids].sort());
      const texts = events
        .filter(({ event }) => event === 'message')
        .map(({ message }) => (message as { content: string }).content);
      expect(texts).toEqual(Array.from({ length: 7 }, (_, at) => contentOf(`past ${at + 1}`)));
      const client = await trial.client('sse', [caseId]);
      client.recording.lastEventId = after;
      expect(await client.open(trial.url)).toMatchObject({ recovered: true, replayed: 0 });
    },
  ),

  check('H3: a page whose position cannot be gone on from begins with a gap', async (trial) => {
    const caseId = await trial.ticketWithPast(2);
    const { events } = await trial.page(caseId, 'after=no-position');
    expect(events[0]).toEqual({ event: 'gap', case_ids: [caseId], reason: 'unknown_position' });
    expect(events.slice(1).map(({ event }) => event)).toEqual(['status', 'message', 'message']);
  }),

  check('H4: reading history does not make a ticket polled, and subscribing does', async (trial) => {
    const unread = trial.ticket();
    const other = await trial.open('sse', [trial.ticket()]);
    const [polled = ''] = other.options.caseIds;
    expect((await trial.page(unread)).events).toEqual([]);
    await trial.post(unread, 'nobody follows this');
    for (const round of [1, 2]) {
      await trial.post(polled, `round ${round}`);
      await other.recording.count(round);
    }
    const asked = new Set((await trial.upstream.requests()).flatMap(({ case_ids }) => case_ids));
    expect([asked.has(polled), asked.has(unread)]).toEqual([true, false]);
    expect((await trial.page(unread)).events).toEqual([]);
    const client = await trial.open('sse', [unread]);
    await client.recording.count(1);
    expect((await trial.page(unread)).events.map(({ event }) => event)).toContain('message');
  }),

  check(
    'H5: what was published of a ticket before the upstream refused it stays readable and replayable',
    async (trial) => {
      const language = await trial.language();
      const bad = await trial.ticketWithPast(2, { language });
      const client = await trial.open('sse', [bad, trial.ticket()], { language });
      await trial.inject({ kind: 'refuse_case', case_ids: [bad] });
      await client.recording.next('revoked');
      const page = await trial.page(bad, `language=${language}`);
      expect(page.events.map(({ event }) => event)).toEqual(['status', 'message', 'message']);
      const late = await trial.open('websocket', [bad], { language });
      expect(late.recording.contents).toEqual([contentOf('past 1'), contentOf('past 2')]);
    },
  ),
];
