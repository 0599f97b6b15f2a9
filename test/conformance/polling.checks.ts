import { expect } from 'expect';

import { check, type Check } from './check.js';
import { contentOf, type Trial } from './trial.js';

const PATH = '/v2/servicerequest/cases/instant-messages';

interface Answer {
  readonly imstatus: readonly { readonly status: number; readonly incident_id: string }[];
  readonly immsg: readonly { readonly incident_id: string; readonly message_list: readonly { content: string }[] }[];
  readonly last_message_time_id: string;
}

async function poll(trial: Trial, query: string): Promise<Answer> {
  const { status, text } = await trial.request(`${PATH}?${query}`);
  expect([status, text]).toEqual([200, expect.any(String)]);
  return JSON.parse(text) as Answer;
}

const contents = ({ immsg }: Answer) => immsg.flatMap(({ message_list }) => message_list.map(({ content }) => content));

/** Section 10 of PROTOCOL.md. */
export const POLLING_CHECKS: readonly Check[] = [
  check('D1: a poll has status and messages of each ticket, and the next one what is new', async (trial) => {
    const caseId = await trial.ticketWithPast(2);
    const first = await poll(trial, `case_ids=${caseId}`);
    expect(Object.keys(first)).toEqual(['imstatus', 'immsg', 'last_message_time_id']);
    expect(first.imstatus).toEqual([{ status: expect.any(Number), incident_id: caseId }]);
    expect(contents(first)).toEqual([contentOf('past 1'), contentOf('past 2')]);
    const waiting = poll(trial, `case_ids=${caseId}&wait=10&last_message_time_id=${first.last_message_time_id}`);
    await trial.post(caseId, 'news');
    expect(contents(await waiting)).toEqual([contentOf('news')]);
  }),

  check('D2: a poll understands a time as a cursor, and any other text as an unknown position', async (trial) => {
    const caseId = await trial.ticketWithPast(1);
    const future = await poll(trial, `case_ids=${caseId}&last_message_time_id=${Date.now() + 3_600_000}`);
    expect(contents(future)).toEqual([]);
    const { headers, text } = await trial.request(`${PATH}?case_ids=${caseId}&last_message_time_id=c_unknown`);
    expect(headers['pollcast-gap']).toBe('unknown_position');
    expect(contents(JSON.parse(text) as Answer)).toEqual([contentOf('past 1')]);
  }),

  check('D3: the first poll of a ticket waits for the upstream, and says whether it has answered', async (trial) => {
    const caseId = trial.ticket();
    await trial.post(caseId, 'there already');
    const { headers, text } = await trial.request(`${PATH}?case_ids=${caseId}&wait=10`);
    expect([headers['pollcast-backfill'], contents(JSON.parse(text) as Answer)]).toEqual([
      'complete',
      [contentOf('there already')],
    ]);
  }),

  check('D4: a poll is refused with the codes of the upstream', async (trial) => {
    const refused = await trial.request(`${PATH}?case_ids=`);
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([400, { error_code: 'OSM.0001' }]);
  }),
];
