import { Refusal } from '#protocol';
import { RefusalLog } from './refusal-log.js';

describe('RefusalLog', () => {
  const refused = jest.fn();
  const say = jest.fn();
  const onError = jest.fn();
  const log = new RefusalLog({ metrics: { refused }, lines: { say }, onError });
  beforeEach(() => [refused, say, onError].forEach((mock) => mock.mockReset()));

  const told = () => say.mock.calls.map(([key, line]) => [key, line.level, line.fields]);

  it('counts a refusal and tells operators of its code and reason, with the request id that a proxy gave', () => {
    const refusal = new Refusal('forbidden', 'the page is of another origin');
    expect(log.note(refusal, { 'x-request-id': 'r-1' })).toBe(refusal);
    expect(refused.mock.calls).toEqual([['forbidden']]);
    const fields = { code: 'forbidden', reason: 'the page is of another origin', request_id: 'r-1' };
    expect(told()).toEqual([['forbidden', 'warn', fields]]);
    expect(onError).not.toHaveBeenCalled();
  });

  it('does the same for an answer that HTTP has a status for', () => {
    log.count({ code: 'not_found', detail: 'nothing is served at this path' }, {});
    expect(refused.mock.calls).toEqual([['not_found']]);
    expect(told()).toEqual([['not_found', 'warn', { code: 'not_found', reason: 'nothing is served at this path' }]]);
  });

  it.each(['a b', '', 'x'.repeat(129), '{"token"}'])('writes no request id that is none: %p', (id) => {
    log.note(new Refusal('invalid', 'x'), { 'x-request-id': id });
    expect(told()).toEqual([['invalid', 'warn', { code: 'invalid', reason: 'x' }]]);
  });

  it('writes no long reason as a whole', () => {
    log.note(new Refusal('invalid', 'x'.repeat(10_000)));
    expect(told()[0]?.[2].reason).toHaveLength(300);
  });

  it('logs a fault of the gateway, of which the client learns nothing', () => {
    const fault = new TypeError('secret');
    expect(log.note(fault)).toMatchObject({ code: 'unavailable', message: 'internal error' });
    expect(onError.mock.calls).toEqual([[fault]]);
    expect(JSON.stringify(told())).not.toContain('secret');
  });

  it('logs what made a service unavailable', () => {
    const cause = new Error('Command timed out');
    log.note(new Refusal('unavailable', 'the store is out of reach', { cause }));
    expect(onError.mock.calls).toEqual([[cause]]);
  });
});
