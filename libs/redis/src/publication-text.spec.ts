import { readPublication, readQuarantine, readTrace, readUpstreamState } from './publication-text.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('what Redis keeps of a publication', () => {
  it.each([
    ['m e 7 3 2000 1000 {"a": "b c"}', { kind: 'message', message: '{"a": "b c"}', sentAt: 1000 }],
    ['m e 7 3 2000 - {}', { kind: 'message', message: '{}', sentAt: null }],
    [`m;${TRACE} e 7 3 2000 1000 {}`, { kind: 'message', message: '{}', sentAt: 1000 }],
    ['s e 7 3 2000 - 2', { kind: 'status', status: 2 }],
    [`s e 7 3 2000 ${TRACE} 2`, { kind: 'status', status: 2 }],
    ['u e 7 3 2000 - 5 1', { kind: 'unread', unreadNum: 5, status: 1 }],
    ['u e 7 3 2000 - 5 -', { kind: 'unread', unreadNum: 5, status: null }],
  ])('is read from %s', (text, more) => {
    expect(readPublication('a', text)).toEqual({
      caseId: 'a',
      epoch: 'e',
      offset: 7,
      previous: 3,
      seenAt: 2000,
      ...more,
    });
    expect(readPublication('a', text, 'present').epoch).toBe('present');
  });

  it.each(['', 'm', 'm e 7 3', 's e 7 3 2000'])('is refused where it has another form, and is not told: %j', (text) => {
    const secret = text.replace('e', 'secret');
    expect(() => readPublication('a', secret)).toThrow(/^a publication in Redis is not of the form/);
    expect(() => readPublication('a', secret)).not.toThrow('secret');
  });

  it.each([
    ['m e 7 3 2000 1000 {}', null],
    [`m;${TRACE} e 7 3 2000 1000 {}`, TRACE],
    ['s e 7 3 2000 - 2', null],
    [`s e 7 3 2000 ${TRACE} 2`, TRACE],
    ['u e 7 3 2000 - 5 1', null],
  ])('has a trace, or none: %s', (text, trace) => expect(readTrace(text)).toBe(trace));

  it('is told apart from the state of the upstream, and from quarantines', () => {
    expect(readQuarantine('apart a')).toEqual({ caseId: 'a', quarantined: true });
    expect(readQuarantine('back a')).toEqual({ caseId: 'a', quarantined: false });
    expect([readQuarantine('ok 5'), readQuarantine('apart')]).toEqual([null, null]);
    expect(readUpstreamState('degraded 5 timeout')).toEqual({ state: 'degraded', since: 5, reason: 'timeout' });
    expect(readUpstreamState('ok 5 timeout')).toEqual({ state: 'ok', since: 5 });
    expect(readUpstreamState('ok')).toEqual({ state: 'ok', since: 0 });
  });
});
