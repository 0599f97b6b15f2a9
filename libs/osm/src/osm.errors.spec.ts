import type { JsonObject } from '#core';
import { failureOf } from './osm.errors.js';

const NOW = Date.UTC(2026, 0, 1);

function failure(status: number, body: JsonObject | null, headers: Record<string, string | string[]> = {}) {
  return failureOf({ status, headers, body: Buffer.alloc(0) }, body, NOW);
}

describe('upstream errors', () => {
  it.each([
    [401, null, 'unauthorized'],
    [403, null, 'unavailable'],
    [403, 'OSM.7', 'refused'],
    [403, 'APIGW.0302', 'rejected'],
    [403, 'WAF.403', 'rejected'],
    [404, null, 'unavailable'],
    [404, 'APIGW.0101', 'rejected'],
    [302, null, 'rejected'],
    [204, null, 'rejected'],
    [408, null, 'unavailable'],
    [429, null, 'throttled'],
    [429, 'OSM.0004', 'throttled'],
    [500, null, 'unavailable'],
    [503, 'SOMETHING.1', 'unavailable'],
    [200, 'OSM.01010001', 'doubted'],
    [200, 'OSM.01010002', 'refused'],
    [200, 'OSM.01010011', 'unauthorized'],
    [200, 'OSM.01010014', 'unavailable'],
    [200, 'OSM.01010015', 'refused'],
    [200, 'NEW.1', 'rejected'],
    [400, 'OSM.0001', 'doubted'],
    [400, 'OSM.7', 'doubted'],
    [400, 'APIGW.7', 'rejected'],
    [400, null, 'unavailable'],
    [400, 'OSM.0002', 'unauthorized'],
    [403, 'OSM.0003', 'refused'],
    [500, 'OSM.0004', 'unavailable'],
    [401, 'APIG.0301', 'unauthorized'],
    [400, 'APIGW.0201', 'unavailable'],
    [200, 'APIG.0308', 'throttled'],
    [400, 'APIGW.0202', 'unavailable'],
    [400, 'APIGW.0203', 'unavailable'],
    [500, 'SOMETHING.1', 'unavailable'],
    [408, 'SOMETHING.1', 'unavailable'],
    [404, 'OSM.7', 'rejected'],
    [200, 'OSM.7', 'rejected'],
    [403, 'XOSM.7', 'rejected'],
  ])('%d with %s is %s', (status, errorCode, code) => {
    expect(failure(status, errorCode === null ? null : { error_code: errorCode })).toMatchObject({ code });
  });

  it.each<JsonObject>([{ error_code: null }, { error_code: '' }, {}])('200 with %j is an answer', (body) =>
    expect(failure(200, body)).toBeNull(),
  );

  it('name status, code and request, and none of the words of the upstream', () => {
    const body = { error_code: 'OSM.0003', error_msg: 'user hunter2 may not', request_id: 'r-1' };
    expect(failure(403, body)?.message).toBe('the upstream answered 403 with OSM.0003 (request r-1)');
    expect(
      failure(403, { ...body, error_code: 'hunter2', request_id: 'a b' }, { 'x-request-id': 'r-2' })?.message,
    ).toBe('the upstream answered 403 with an unknown error_code (request r-2)');
    expect(failure(500, { request_id: 'hunter2 hunter2' })?.message).toBe(
      'the upstream answered 500 with no error_code (request unnamed)',
    );
  });

  it.each(['my OSM.0003', 'OSM.0003 again', ['OSM.0003'], 3])('have no code that is %j', (stated) => {
    expect(failure(403, { error_code: stated })).toMatchObject({
      code: 'unavailable',
      message: 'the upstream answered 403 with an unknown error_code (request unnamed)',
    });
  });

  it('have no name of a request that is no text, and the code of another gateway as it is', () => {
    expect(failure(403, { error_code: 'WAPIG.0301', request_id: ['r-1'] })?.message).toBe(
      'the upstream answered 403 with WAPIG.0301 (request unnamed)',
    );
  });

  it('are not to be waited for as texts say that are in lists', () => {
    const body = { error_code: 'APIGW.0308', error_msg: ['limit:100,time:1 second'] };
    expect(failure(429, body, { 'retry-after': ['3'] })?.retryAfterMs).toBeUndefined();
  });

  it.each([
    ['3', undefined, 3000],
    ['0', undefined, 0],
    ['Thu, 01 Jan 2026 00:00:07 GMT', undefined, 7000],
    ['999999999', undefined, 3_600_000],
    ['Thu, 01 Jan 2015 00:00:00 GMT', undefined, undefined],
    ['soon', undefined, undefined],
    [undefined, 'The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute', 60_000],
    [undefined, 'limit:100,time:1 second', 1000],
    ['5', 'limit:100,time:1 second', 5000],
    [undefined, 'no time', undefined],
    [undefined, 'limit:1,time: 15  second', 15_000],
    [undefined, 'limit:1,time:2hour', 3_600_000],
    [undefined, 'limit:1,time:0 second', 0],
    ['1e3', undefined, undefined],
  ])('Retry-After %j with %j waits %j ms', (header, words, ms) => {
    const body = { error_code: 'APIGW.0308', error_msg: words ?? null };
    expect(failure(429, body, header === undefined ? {} : { 'retry-after': header })?.retryAfterMs).toBe(ms);
  });
});
