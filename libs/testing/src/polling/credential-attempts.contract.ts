import { ATTEMPT_LIMITS, type AttemptOutcome, type CredentialAttempts, type CredentialKind } from '#core';

const { refusals: REFUSALS_MAX, windowMs: REFUSALS_WINDOW_MS } = ATTEMPT_LIMITS.login;
const ENDS_WITHIN_MS = 10_000;
const START = 1_750_000_000_000;

/** What is known of refused credentials: by one implementation, seen from two workers. */
export function describeCredentialAttempts(
  name: string,
  make: (kind: CredentialKind) => Promise<readonly [one: CredentialAttempts, other: CredentialAttempts]>,
): void {
  describe(`${name} of refused credentials`, () => {
    let one: CredentialAttempts;
    let other: CredentialAttempts;
    let now: number;
    beforeEach(async () => {
      [one, other] = await make('login');
      now = START;
    });

    const begin = (attempts: CredentialAttempts, credentials: string) =>
      attempts.begin(credentials, now, ENDS_WITHIN_MS);
    async function tryOnce(
      attempts: CredentialAttempts,
      credentials: string,
      outcome: AttemptOutcome,
    ): Promise<string> {
      const permit = await begin(attempts, credentials);
      if (permit.kind === 'granted') {
        await attempts.end(credentials, permit.attempt, outcome, now);
      }
      return permit.kind;
    }

    it('lets three be refused, whoever asks, and no more for fifteen minutes', async () => {
      for (let count = 0; count < REFUSALS_MAX; count += 1) {
        expect(await tryOnce(count % 2 === 0 ? one : other, 'wrong', 'refused')).toBe('granted');
        now += 1000;
      }
      const ms = REFUSALS_WINDOW_MS - (now - START);
      expect([await begin(one, 'wrong'), await begin(other, 'wrong')]).toEqual([
        { kind: 'withheld', ms },
        { kind: 'withheld', ms },
      ]);
      now += ms - 1;
      expect((await begin(one, 'wrong')).kind).toBe('withheld');
      now += 1;
      expect(await tryOnce(other, 'wrong', 'refused')).toBe('granted');
      expect((await begin(one, 'wrong')).kind).toBe('withheld');
    });

    it('lets no more be under way than may be refused', async () => {
      const permits = await Promise.all([one, other, one, other, one].map((attempts) => begin(attempts, 'some')));
      expect(permits.map(({ kind }) => kind).sort()).toEqual(['busy', 'busy', 'granted', 'granted', 'granted']);
      const granted = permits.flatMap((permit) => (permit.kind === 'granted' ? [permit.attempt] : []));
      expect(new Set(granted).size).toBe(REFUSALS_MAX);
      await one.end('some', granted[0] ?? '', 'accepted', now);
      expect(await tryOnce(other, 'some', 'accepted')).toBe('granted');
    });

    it('counts those that were refused and those under way together', async () => {
      await tryOnce(one, 'some', 'refused');
      const permits = await Promise.all([one, other, one].map((attempts) => begin(attempts, 'some')));
      expect(permits.map(({ kind }) => kind).sort()).toEqual(['busy', 'granted', 'granted']);
    });

    it('lets new credentials be tried at once, once where all attempts are used up', async () => {
      for (let count = 0; count < REFUSALS_MAX; count += 1) {
        await tryOnce(one, 'wrong', 'refused');
      }
      expect(await tryOnce(other, 'as wrong', 'refused')).toBe('granted');
      expect((await begin(other, 'as wrong')).kind).toBe('withheld');
      expect(await tryOnce(one, 'right', 'accepted')).toBe('granted');
      expect(await tryOnce(other, 'right', 'accepted')).toBe('granted');
      expect((await begin(one, 'wrong')).kind).toBe('withheld');
    });

    it('lets nobody else try new credentials where all attempts are used up, while one tries them', async () => {
      for (let count = 0; count < REFUSALS_MAX; count += 1) {
        await tryOnce(one, 'wrong', 'refused');
      }
      const permit = await begin(one, 'right');
      expect((await begin(other, 'right')).kind).toBe('busy');
      await one.end('right', permit.kind === 'granted' ? permit.attempt : '', 'accepted', now);
      expect(await tryOnce(other, 'right', 'accepted')).toBe('granted');
    });

    it('lets one signature be refused in a minute', async () => {
      [one, other] = await make('signature');
      expect(await tryOnce(one, 'wrong', 'refused')).toBe('granted');
      expect(await begin(other, 'wrong')).toEqual({ kind: 'withheld', ms: 60_000 });
      now += 60_000;
      const permits = await Promise.all([one, other].map((attempts) => begin(attempts, 'wrong')));
      expect(permits.map(({ kind }) => kind).sort()).toEqual(['busy', 'granted']);
    });

    it('forgets what was refused of credentials that are accepted', async () => {
      await tryOnce(one, 'some', 'refused');
      await tryOnce(one, 'some', 'refused');
      await tryOnce(other, 'some', 'accepted');
      for (let count = 0; count < REFUSALS_MAX; count += 1) {
        expect(await tryOnce(one, 'some', 'refused')).toBe('granted');
      }
      expect((await begin(one, 'some')).kind).toBe('withheld');
    });

    it('counts neither an attempt without an outcome, nor one whose process has ended', async () => {
      for (let count = 0; count < 2 * REFUSALS_MAX; count += 1) {
        expect(await tryOnce(one, 'some', 'unknown')).toBe('granted');
      }
      for (let count = 0; count < REFUSALS_MAX; count += 1) {
        await begin(one, 'some');
      }
      expect((await begin(other, 'some')).kind).toBe('busy');
      now += ENDS_WITHIN_MS;
      expect(await tryOnce(other, 'some', 'accepted')).toBe('granted');
    });
  });
}
