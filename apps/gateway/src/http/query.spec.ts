import type { IncomingMessage } from 'node:http';
import { dropExtraSlashes, pathOf, queryOf, single, wholeNumber } from './query.js';

const of = (url: string | undefined) => ({ url }) as IncomingMessage;

describe('the URL of a request', () => {
  it('has a path and a query, and either may be missing', () => {
    const parts = (url: string | undefined) => [pathOf(of(url)), queryOf(of(url)).toString()];
    expect(parts('/v1/events?case_ids=A%201&x=?')).toEqual(['/v1/events', 'case_ids=A+1&x=%3F']);
    expect(['/v1/events', '/v1/events?', undefined].map(parts)).toEqual([
      ['/v1/events', ''],
      ['/v1/events', ''],
      ['', ''],
    ]);
  });

  it.each<[string, unknown, unknown]>([
    ['', undefined, undefined],
    ['limit=', undefined, undefined],
    ['limit=7', '7', 7],
    ['limit=007', '007', 7],
    ['limit=999999999', '999999999', 999_999_999],
    ['limit=1000000000', '1000000000', '1000000000'],
    ['limit=-1', '-1', '-1'],
    ['limit=1e3', '1e3', '1e3'],
    ['limit=0x10', '0x10', '0x10'],
    ['limit=%207', ' 7', ' 7'],
    ['limit=1&limit=2', ['1', '2'], ['1', '2']],
    ['limit=&limit=2', ['', '2'], ['', '2']],
  ])('%j has a key once, and as a number, or as what validation refuses', (query, text, number) => {
    const parameters = new URLSearchParams(query);
    expect([single(parameters, 'limit'), wholeNumber(parameters, 'limit')]).toEqual([text, number]);
  });

  it.each([
    ['//v1/events?a=//v1/', '/v1/events?a=//v1/'],
    ['///socket.io/?x', '/socket.io/?x'],
    ['//V2/servicerequest', '/V2/servicerequest'],
    ['//metrics', '//metrics'],
    ['//health/live', '//health/live'],
    ['//v1', '//v1'],
    ['/v1//events', '/v1//events'],
  ])('%s is served as %s', (url, served) => {
    const request = of(url);
    dropExtraSlashes(request);
    expect(request.url).toBe(served);
  });
});
