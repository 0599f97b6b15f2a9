import { createLogger, NestLogger } from './logger.js';

function capture() {
  const lines: string[] = [];
  return { lines, logger: createLogger('gateway', 'trace', { write: (line: string) => void lines.push(line) }) };
}

describe('logger', () => {
  it('writes one JSON object per line, with the program, an ISO time and the level as a word', () => {
    const { lines, logger } = capture();
    logger.info({ sets: 3 }, 'polling');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', program: 'gateway', sets: 3, msg: 'polling' });
    expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/);
  });

  it.each([
    [{ authorization: 'Bearer hunter2' }],
    [{ request: { headers: { 'x-auth-token': 'hunter2', cookie: ['a=hunter2', 'b=hunter2'] } } }],
    [{ a: { b: { c: { d: { IAM_PASSWORD: 'hunter2 "quoted" hunter2', secretKey: 'hunter2' } } } } }],
    [{ url: '/v1/events?case_ids=a&access_token=hunter2&history=5' }],
    [{ err: Object.assign(new Error('failed with Bearer hunter2'), { config: { token: 'hunter2' } }) }],
    [{ set: 'pollcast_token=hunter2; Path=/' }],
    [{ redis: 'redis://:hunter2@127.0.0.1/0', upstream: 'https://name:hunter2@host' }],
    [{ err: Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['hunter2'] } }) }],
    [{ other: Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['hunter2'] } }) }],
  ])('hides secrets at any depth: %j', (entry) => {
    const { lines, logger } = capture();
    logger.error(entry, 'seen with access_token=hunter2');
    expect(lines[0]).not.toContain('hunter2');
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('msg', 'seen with access_token=[hidden]');
  });

  it('writes an error that is given alone as it writes any other', () => {
    const { lines, logger } = capture();
    logger.error(Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['hunter2'] } }));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { message: 'WRONGPASS', command: 'auth' } });
    expect(lines[0]).not.toContain('hunter2');
  });

  it('does not change the rest of a line', () => {
    const { lines, logger } = capture();
    logger.info({ url: '/v1/events?access_token=x&history=5', tokens: 3, token_age_s: 12 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      url: '/v1/events?access_token=[hidden]&history=5',
      tokens: 3,
      token_age_s: 12,
    });
  });

  it('writes what Nest logs', () => {
    const { lines, logger } = capture();
    new NestLogger(logger).error('broken', 'Error: broken\n  at x', 'Router');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', msg: 'broken', context: 'Router' });
  });
});
