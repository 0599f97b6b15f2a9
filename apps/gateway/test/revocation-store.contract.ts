import { until } from '../../../test/harness/until.js';
import type { RevocationStore } from '../src/auth/revocation-store.js';

/** Two gateways that share a store. */
export interface RevocationsFixture {
  readonly here: RevocationStore;
  readonly there: RevocationStore;
}

const KEPT_UNTIL = Date.now() + 60_000;

/** What holds wherever gateways keep revocations. */
export function describeRevocationStore(name: string, fixture: () => RevocationsFixture): void {
  describe(`revocations in ${name}`, () => {
    let here: RevocationStore;
    let there: RevocationStore;
    beforeEach(() => void ({ here, there } = fixture()));

    it('are told to every gateway, and read by those that were not there', async () => {
      const heard: (readonly string[])[] = [];
      await there.listen((texts) => heard.push(texts));
      expect(await here.write([{ id: 'a', text: 'first' }], 10, KEPT_UNTIL)).toBe(true);
      await until(() => heard.length === 1);
      expect(heard).toEqual([['first']]);
      expect(await there.all()).toEqual([{ id: 'a', text: 'first' }]);
    });

    it('have another stamp after each change', async () => {
      const stamps = [await there.stamp()];
      for (const text of ['first', 'second']) {
        await here.write([{ id: 'a', text }], 10, KEPT_UNTIL);
        stamps.push(await there.stamp());
      }
      expect(stamps[0]).toBeNull();
      expect(new Set(stamps).size).toBe(3);
      expect(await there.all()).toEqual([{ id: 'a', text: 'second' }]);
    });

    it('are as many as there may be', async () => {
      const entry = (id: string) => [{ id, text: id }];
      expect(await here.write(entry('a'), 2, KEPT_UNTIL)).toBe(true);
      expect(await here.write(entry('b'), 2, KEPT_UNTIL)).toBe(true);
      expect(await here.write(entry('c'), 2, KEPT_UNTIL)).toBe(false);
      expect(await here.write(entry('b'), 2, KEPT_UNTIL)).toBe(true);
      await here.forget(['a']);
      expect(await here.write(entry('c'), 2, KEPT_UNTIL)).toBe(true);
      expect((await there.all()).map(({ id }) => id).sort()).toEqual(['b', 'c']);
    });
  });
}
