import type { ConnectionCounts } from '../src/session/connection-counts.js';

/** Two gateways that know of each other. */
export interface CountsFixture {
  readonly here: ConnectionCounts;
  readonly there: ConnectionCounts;
}

/** What holds wherever gateways keep what they know of each other. */
export function describeConnectionCounts(name: string, fixture: () => CountsFixture): void {
  describe(`connection counts in ${name}`, () => {
    let here: ConnectionCounts;
    let there: ConnectionCounts;
    beforeEach(async () => {
      ({ here, there } = fixture());
      await Promise.all([here.renew(), there.renew()]);
    });

    it('add up over gateways', async () => {
      expect(await here.add('a', 0, 3)).toBe(true);
      expect(await there.add('a', 0, 3)).toBe(true);
      expect(await here.add('a', 1, 3)).toBe(true);
      expect(await there.add('a', 1, 3)).toBe(false);
      expect(await here.add('a', 2, 3)).toBe(false);
      expect(await there.add('b', 0, 1)).toBe(true);
    });

    it('are what each gateway says last', async () => {
      await here.add('a', 0, 2);
      await here.set('a', 5);
      expect(await there.add('a', 0, 5)).toBe(false);
      await here.set('a', 1);
      expect(await there.add('a', 0, 2)).toBe(true);
      await here.set('a', 0);
      expect(await there.add('a', 1, 2)).toBe(true);
    });

    it('tell other gateways, and not the one that tells, who is full', async () => {
      const heard: unknown[] = [];
      await here.listen((...full) => heard.push(['here', ...full]));
      await there.listen((...full) => heard.push(['there', ...full]));
      await here.tellFull('a', null);
      await there.tellFull('b', 'phone');
      for (let waited = 0; heard.length < 2 && waited < 2000; waited += 10) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(heard).toEqual([
        ['there', 'a', null],
        ['here', 'b', 'phone'],
      ]);
    });

    it('do not have to be told again while they are renewed', async () => {
      expect(await here.renew()).toBe(true);
    });
  });
}
