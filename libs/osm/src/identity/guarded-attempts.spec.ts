import { UpstreamFailure, type AttemptPermit } from '#core';
import { MemoryCredentialAttempts } from '#testing';
import { GuardedAttempts, type CredentialsOutcome } from './guarded-attempts.js';

const REFUSED = new UpstreamFailure('unauthorized', 'IAM answered 401');
const GRANTED: AttemptPermit = { kind: 'granted', attempt: 'one' };

describe('GuardedAttempts', () => {
  let now: number;
  let told: [CredentialsOutcome, string][];
  beforeEach(() => {
    now = 1_750_000_000_000;
    told = [];
  });

  function guard(attempts: ConstructorParameters<typeof GuardedAttempts>[0]['attempts'], secret = 'digest') {
    return new GuardedAttempts({
      attempts,
      credentials: async () => secret,
      clock: { now: () => now },
      endsWithinMs: 5000,
      settings: 'IAM_USERNAME and IAM_PASSWORD',
      onCredentials: (outcome, text) => told.push([outcome, text]),
    });
  }
  const refuse = () => Promise.reject(REFUSED);
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: UpstreamFailure) => error.code,
    );

  it('asks three times in fifteen minutes, however many ask and start again', async () => {
    const attempts = new MemoryCredentialAttempts('login');
    const sent = jest.fn(refuse);
    for (let count = 0; count < 10; count += 1) {
      expect(await code(guard(attempts).run(sent))).toBe('unauthorized');
      now += 60_000;
    }
    expect(sent).toHaveBeenCalledTimes(3);
    now += 10 * 60_000;
    await code(guard(attempts).run(sent));
    expect(sent).toHaveBeenCalledTimes(4);
  });

  it('tries other credentials at once', async () => {
    const attempts = new MemoryCredentialAttempts('login');
    for (let count = 0; count < 4; count += 1) {
      await code(guard(attempts, 'wrong').run(refuse));
    }
    expect(await guard(attempts, 'right').run(async () => 'a token')).toBe('a token');
  });

  it('says which settings were refused, and that they are not tried', async () => {
    const attempts = new MemoryCredentialAttempts('login');
    for (let count = 0; count < 4; count += 1) {
      await code(guard(attempts).run(refuse));
    }
    expect(told.map(([outcome]) => outcome)).toEqual(['refused', 'refused', 'refused', 'withheld']);
    expect(told[0]?.[1]).toBe('IAM answered 401: refused, look at IAM_USERNAME and IAM_PASSWORD');
    expect(told[3]?.[1]).toBe(
      'not tried for up to 900 s, too many were refused: look at IAM_USERNAME and IAM_PASSWORD',
    );
  });

  it('counts no attempt that failed for another reason', async () => {
    const attempts = new MemoryCredentialAttempts('login');
    const unavailable = () => Promise.reject(new UpstreamFailure('unavailable', 'IAM answered 503'));
    for (let count = 0; count < 5; count += 1) {
      expect(await code(guard(attempts).run(unavailable))).toBe('unavailable');
    }
    expect(told.at(-1)).toEqual(['failed', 'IAM answered 503']);
  });

  it('waits while others try', async () => {
    const permits: AttemptPermit[] = [{ kind: 'busy' }, { kind: 'busy' }, GRANTED];
    const begin = jest.fn(async () => permits.shift() ?? GRANTED);
    const startedAt = performance.now();
    const sent = jest.fn(async () => performance.now() - startedAt);
    expect(await guard({ begin, end: async () => {} }).run(sent)).toBeGreaterThan(390);
    expect([begin.mock.calls.length, sent.mock.calls.length]).toEqual([3, 1]);
  });

  it('keeps a token that was granted while the store is out of reach', async () => {
    const broken = async () => Promise.reject(new Error('out of reach'));
    expect(await guard({ begin: async () => GRANTED, end: broken }).run(async () => 'a token')).toBe('a token');
    const sent = jest.fn(async () => 'a token');
    await expect(guard({ begin: broken, end: broken }).run(sent)).rejects.toThrow('out of reach');
    expect(sent).not.toHaveBeenCalled();
  });
});
