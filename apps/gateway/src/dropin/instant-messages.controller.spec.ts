import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Notice } from '#core';
import { PositionIds, Refusal } from '#protocol';
import { Rights } from '../auth/rights.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import type { Polled, PollRequest } from './drop-in-polls.js';
import { InstantMessagesController } from './instant-messages.controller.js';

const POSITION = { epoch: '0abcdefgh', offset: 7 };
const rights = new Rights('alice', Number.POSITIVE_INFINITY, { cases: ['*'], groups: [], hints: false });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('an answer as the upstream has it', () => {
  let asked: PollRequest | undefined;
  let again: () => Promise<void>;
  const answerOf = async (query: string, polled: Partial<Polled> | Error = {}) => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: `/?${query}` });
    const response = new ServerResponse(request);
    let body = '';
    jest.spyOn(response, 'end').mockImplementation((text?: unknown) => {
      body = typeof text === 'string' ? text : '';
      return response;
    });
    const controller = new InstantMessagesController(
      {
        require: async (_request: unknown, _query: unknown, tickets: () => unknown) => (tickets(), rights),
        again: () => again(),
      } as never,
      new RequestReader(),
      {
        poll: async (wanted: PollRequest) => {
          asked = wanted;
          if (polled instanceof Error) throw polled;
          const nothing = { publications: [], notices: [], isPending: false, isFull: false };
          return { ...nothing, position: POSITION, statuses: wanted.caseIds.map(() => 0), ...polled };
        },
      } as never,
      new Languages('zh-cn', ['en-us']),
      new PositionIds({ positionSecrets: ['a secret'] }),
      { note: (error: unknown) => error } as never,
      { upstreamTimeZone: 'GMT+8' } as never,
    );
    void controller.list(request, response);
    for (let count = 0; count < 5; count += 1) await turn();
    return { status: response.statusCode, headers: response.getHeaders(), body };
  };
  beforeEach(() => {
    asked = undefined;
    again = async () => undefined;
  });

  it('names each ticket once, in the order of the request, and asks as long as the client wants', async () => {
    const { body } = await answerOf('case_ids=B&case_ids=A,B&wait=2');
    expect(asked).toMatchObject({ caseIds: ['B', 'A'], waitMs: 2000, subject: 'alice', since: null });
    expect(JSON.parse(body)).toMatchObject({ imstatus: [{ incident_id: 'B' }, { incident_id: 'A' }], immsg: [] });
    await answerOf('case_ids=A');
    expect(asked).toMatchObject({ waitMs: 0, from: { kind: 'start' } });
  });

  it('tells the last notice of each kind, and nothing of an upstream that is well again', async () => {
    const degraded = { kind: 'upstream', state: { state: 'degraded', reason: 'throttled' } } as unknown as Notice;
    const well = { kind: 'upstream', state: { state: 'ok' } } as unknown as Notice;
    const gap = (reason: string) => ({ kind: 'gap', caseIds: ['A'], reason }) as unknown as Notice;
    const notices: Notice[] = [
      ...[gap('unknown_position'), degraded, { kind: 'revoked', caseIds: ['A'] } as Notice],
      ...[gap('history_truncated'), { kind: 'revoked', caseIds: ['A', 'B'] } as Notice],
    ];
    const { headers } = await answerOf('case_ids=A,B', { notices, isFull: true, isPending: true });
    expect(headers).toMatchObject({
      ...{ 'pollcast-gap': 'history_truncated', 'pollcast-revoked': 'A,B', 'pollcast-upstream': 'throttled' },
      ...{ 'pollcast-more': 'true', 'pollcast-backfill': 'pending', 'retry-after': '1' },
    });
    const later = (await answerOf('case_ids=A', { notices: [degraded, well] })).headers;
    expect(Object.keys(later).filter((name) => name.startsWith('pollcast-'))).toEqual(['pollcast-backfill']);
    expect([later['pollcast-backfill'], later['retry-after']]).toEqual(['complete', undefined]);
    expect(later['cache-control']).toBe('private, no-cache');
  });

  it('is not given where the right has ended while the client waited', async () => {
    again = () => Promise.reject(new Refusal('unauthorized', 'the token was revoked'));
    const { status, headers, body } = await answerOf('case_ids=A');
    expect([status, headers['cache-control'], headers['etag']]).toEqual([401, 'no-store', undefined]);
    expect(JSON.parse(body)).toMatchObject({ error_code: 'APIGW.0301', request_id: headers['x-request-id'] });
  });

  it('that is refused is not stored, and says when to try again', async () => {
    const { status, headers } = await answerOf('case_ids=A', new Refusal('unavailable', 'away', { retryMs: 2500 }));
    expect([status, headers['cache-control'], headers['retry-after']]).toEqual([expect.any(Number), 'no-store', 3]);
    expect((await answerOf('case_ids=A', new Error('a fault'))).status).toBe(500);
  });
});
