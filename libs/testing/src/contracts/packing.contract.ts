import { HINT_PAUSE_MS, type CursorTrail, type SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from './fixture.js';
import { HOLD_MS, LEASE_MS, message, Scene, text } from './scene.js';

/** Largest set in these suites: small, so that sets fill. */
const MAX = 4;

/** How tickets come together in as few sets as can be, and when sets are due because of who came. */
export function describePacking(name: string, make: MakeStoreFixture): void {
  describe(`${name} as a packer of ticket sets`, () => {
    let fixture: StoreFixture;
    let scene: Scene;
    beforeAll(async () => void (fixture = await make({ ...USUAL_LIMITS, maxCaseIds: MAX })));
    beforeEach(() => void (scene = new Scene(fixture)));
    afterAll(() => fixture.dispose());

    const numeric = (polledAt: number, head = '1781524870803'): CursorTrail => ({ head, polledAt, samples: [] });

    /** Primes a set, as the first poll does. */
    async function prime(ref: SetRef, trail = numeric(scene.now)): Promise<void> {
      const set = await scene.begin(ref);
      const learned = { trail, answerDigest: null, order: 'oldest_first' as const };
      await scene.commit(set, [], { primed: set.joining, learned });
    }

    /** What each set that is there polls, by set id. */
    async function sets(): Promise<Map<number, { members: string[]; joining: string[]; trail: CursorTrail | null }>> {
      const found = new Map<number, { members: string[]; joining: string[]; trail: CursorTrail | null }>();
      for (const ref of await fixture.registry.overdue(scene.feed, scene.now + 10 * LEASE_MS)) {
        const begun = await fixture.store.begin(ref, scene.now, scene.now, 'worker');
        if (begun.kind === 'begun') {
          const { members, joining, trail } = begun.set;
          found.set(ref.id, { members: [...members].sort(), joining: [...joining].sort(), trail });
        }
      }
      return found;
    }

    it('packs tickets into sets with room once they are primed, and goes back no further than it must', async () => {
      await prime(await scene.wantOneSet('a', 'b', 'c'), numeric(5000));
      fixture.clock.advance(2000);
      const nursery = await scene.wantOneSet('d');
      expect((await sets()).size).toBe(2);
      await prime(nursery, numeric(7000));
      const packed = await sets();
      expect([...packed.values()]).toEqual([{ members: ['a', 'b', 'c', 'd'], joining: [], trail: numeric(5000) }]);
    });

    it('lets who comes after a crowd wait for one interval, not for as many as the crowd filled sets', async () => {
      await scene.want(...Array.from({ length: 5 * MAX }, (_, at) => `crowd-${at}`));
      const nursery = await scene.wantOneSet('late');
      const due = await fixture.registry.overdue(scene.feed, scene.now + USUAL_LIMITS.intervalMs + 1);
      expect(due).toContainEqual(nursery);
    });

    it('leaves sets alone where none can be saved', async () => {
      await prime(await scene.wantOneSet('a', 'b', 'c'));
      fixture.clock.advance(2000);
      await prime(await scene.wantOneSet('d', 'e', 'f'));
      expect((await sets()).size).toBe(2);
    });

    it('merges sets that leaving tickets have thinned', async () => {
      await prime(await scene.wantOneSet('a', 'b', 'c', 'd'));
      fixture.clock.advance(2000);
      await prime(await scene.wantOneSet('e', 'f', 'g', 'h'));
      fixture.clock.advance(LEASE_MS - 3000);
      await scene.want('a', 'b', 'e', 'f');
      fixture.clock.advance(3000);
      expect(await fixture.registry.sweep(scene.feed, scene.now)).toBe(4);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b', 'e', 'f']]);
    });

    it('primes moved tickets where cursors are opaque, and never mixes them', async () => {
      await prime(await scene.wantOneSet('a', 'b', 'c'), numeric(5000, 'c_one'));
      fixture.clock.advance(2000);
      await prime(await scene.wantOneSet('d'), numeric(7000, 'c_two'));
      expect([...(await sets()).values()]).toEqual([
        { members: ['a', 'b', 'c'], joining: ['d'], trail: numeric(5000, 'c_one') },
      ]);
    });

    it('discards the result of a poll that was held up while its set was merged', async () => {
      const [first, second] = [await scene.wantOneSet('a', 'b', 'c', 'd'), await scene.wantOneSet('e', 'f')];
      await prime(first, numeric(5000));
      await prime(second, numeric(7000));
      const stale = [await scene.begin(first), await scene.begin(second)];
      fixture.clock.advance(LEASE_MS - 1000);
      await scene.want('a', 'e', 'f');
      fixture.clock.advance(2000);
      expect(await fixture.registry.sweep(scene.feed, scene.now)).toBe(3);
      expect((await sets()).size).toBe(1);
      const learned = { trail: numeric(scene.now), answerDigest: null, order: 'oldest_first' as const };
      const kinds = await Promise.all(stale.map(async (set) => (await scene.commit(set, [], { learned })).kind));
      expect(kinds.sort()).toEqual(['conflict', 'gone']);
      expect([...(await sets()).values()]).toEqual([{ members: ['a', 'e', 'f'], joining: [], trail: numeric(5000) }]);
    });

    it('changes no set with a poll in flight', async () => {
      const ref = await scene.wantOneSet('a', 'b', 'c');
      await prime(ref);
      fixture.clock.advance(2000);
      const nursery = await scene.wantOneSet('d');
      const inFlight = await scene.begin(ref);
      await prime(nursery);
      await fixture.registry.sweep(scene.feed, scene.now);
      expect(await scene.commit(inFlight, [message('a', 'x')])).toMatchObject({ kind: 'committed', published: 1 });
      await fixture.registry.sweep(scene.feed, scene.now);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b', 'c', 'd']]);
    });

    it('keeps a ticket in its set while a poll of it is in flight', async () => {
      const ref = await scene.wantOneSet('a');
      fixture.clock.advance(LEASE_MS - 1);
      const set = await scene.begin(ref);
      fixture.clock.advance(HOLD_MS - 1);
      expect(await fixture.registry.sweep(scene.feed, scene.now)).toBe(0);
      expect(await scene.commit(set, [message('a', 'last words')])).toMatchObject({ published: 1 });
      expect(await fixture.registry.sweep(scene.feed, scene.now)).toBe(1);
      expect(await scene.contents('a')).toEqual([text('last words')]);
    });

    it('lets tickets that come soon after others wait for the end of the interval, together', async () => {
      const [first] = await fixture.registry.want(scene.feed, ['a'], scene.now, scene.now + LEASE_MS, 'arrival');
      expect(first?.at).toBe(scene.now);
      await prime(first?.ref ?? { feed: scene.feed, id: 0 });
      fixture.clock.advance(100);
      const later = await fixture.registry.want(scene.feed, ['b'], scene.now, scene.now + LEASE_MS, 'arrival');
      expect(later.map((set) => set.at)).toEqual([scene.now + 900]);
      expect(await scene.want('c')).toEqual([]);
    });

    it('primes a full set of tickets at once', async () => {
      await prime(await scene.wantOneSet('a'));
      const [, ...rest] = ['a', 'b', 'c', 'd', 'e'];
      const woken = await fixture.registry.want(scene.feed, rest, scene.now, scene.now + LEASE_MS, 'arrival');
      expect(woken.at(-1)?.at).toBe(scene.now);
    });

    it('brings idle sets back to full pace when a client comes, not when a lease is renewed', async () => {
      const ref = await scene.wantOneSet('a');
      await prime(ref);
      const want = (reason: 'arrival' | 'renewal') =>
        fixture.registry.want(scene.feed, ['a'], scene.now, scene.now + LEASE_MS, reason);
      expect(await want('renewal')).toEqual([]);
      expect(await want('arrival')).toEqual([{ ref, at: scene.now + USUAL_LIMITS.intervalMs }]);
      expect(await scene.begin(ref)).toMatchObject({ livelyAt: scene.now, dueAt: scene.now + 1000 });
    });

    it('polls hinted tickets at once, and each set at most once per pause', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      await prime(ref);
      const hint = (...caseIds: string[]) => fixture.registry.hint(scene.feed, caseIds, scene.now);
      expect(await hint('a', 'b', 'unknown')).toEqual([{ ref, at: scene.now }]);
      await prime(ref);
      fixture.clock.advance(50);
      expect(await hint('b')).toEqual([{ ref, at: scene.now - 50 + HINT_PAUSE_MS }]);
      expect(await hint('a')).toEqual([]);
    });

    it('polls again after a poll that was in flight when the hint came', async () => {
      const ref = await scene.wantOneSet('a');
      const set = await scene.begin(ref);
      expect(await fixture.registry.hint(scene.feed, ['a'], scene.now)).toEqual([]);
      expect(await scene.commit(set, [], { primed: set.joining })).toMatchObject({ dueAt: scene.now });
      expect(await scene.commit(await scene.begin(ref), [])).toMatchObject({ dueAt: scene.now + 5000 });
    });
  });
}
