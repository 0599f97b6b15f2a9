import { APART_FIRST_MS, type CaseId, type Search, type SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from './fixture.js';
import { RecordingListener } from './recording-listener.js';
import { HOLD_MS, message, Scene, text } from './scene.js';

const SEARCH: Search = { suspects: ['a', 'b'], cleared: ['c'], answered: true, proven: false };

/** What a store does with tickets that the upstream refuses. */
export function describeApart(name: string, make: MakeStoreFixture): void {
  describe(`${name} with refused tickets`, () => {
    let fixture: StoreFixture;
    let scene: Scene;
    let listener: RecordingListener;
    beforeEach(async () => {
      fixture = await make(USUAL_LIMITS);
      scene = new Scene(fixture);
      listener = new RecordingListener();
      fixture.brokers[0].listen(listener);
    });
    afterEach(() => fixture.dispose());

    async function suspect(ref: SetRef, search: Search | null, ...apart: CaseId[]): Promise<void> {
      const { fence } = await scene.begin(ref);
      await fixture.store.suspect({ ref, fence, now: scene.now, search, apart });
    }

    /** Lets time pass for which everybody still wants everything, and lets the store do its upkeep. */
    async function pass(ms: number, ...wanted: CaseId[]): Promise<SetRef[]> {
      fixture.clock.advance(ms);
      await scene.want(...wanted);
      await fixture.registry.sweep(scene.feed, scene.now);
      return fixture.registry.overdue(scene.feed, scene.now + 1);
    }

    it('keeps a search with the set until it is over, and frees the set', async () => {
      const ref = await scene.wantOneSet('a', 'b', 'c');
      const { dueAt } = await scene.publish(ref);
      await suspect(ref, SEARCH);
      expect(await scene.begin(ref)).toMatchObject({ search: SEARCH, dueAt, failures: 0 });
      fixture.clock.advance(HOLD_MS);
      await scene.commit(await scene.begin(ref), []);
      const next = { ...SEARCH, suspects: ['b'] };
      await scene.commit(await scene.begin(ref), [], { search: next });
      expect((await scene.begin(ref)).search).toEqual(next);
      fixture.clock.advance(HOLD_MS);
      await scene.commit(await scene.begin(ref), [], { search: null });
      expect((await scene.begin(ref)).search).toBeNull();
    });

    it('changes nothing with a stale fence', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      const { fence } = await scene.begin(ref);
      await scene.commit({ ref, fence }, []);
      await fixture.store.suspect({ ref, fence, now: scene.now, search: SEARCH, apart: ['a'] });
      expect(await scene.begin(ref)).toMatchObject({ joining: ['a', 'b'], search: null });
      expect((await scene.history('a')).apart).toEqual([]);
    });

    it('discards the result of a poll that a refusal overtook', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      const slow = await scene.begin(ref);
      fixture.clock.advance(HOLD_MS);
      await suspect(ref, null, 'a');
      expect(await scene.commit(slow, [message('a', 'x')])).toEqual({ kind: 'conflict' });
    });

    it('counts a retry as a failure of which nobody is told', async () => {
      const ref = await scene.wantOneSet('a', 'b', 'c', 'd');
      await scene.publish(ref);
      for (const caseId of ['a', 'b', 'c']) {
        const { fence } = await scene.begin(ref);
        const retry = { at: scene.now + 700 };
        await fixture.store.suspect({ ref, fence, now: scene.now, search: null, apart: [caseId], retry });
      }
      expect(await scene.begin(ref)).toMatchObject({ members: ['d'], failures: 3, dueAt: scene.now + 700 });
      expect((await scene.history('a')).upstream.state).toBe('ok');
    });

    it('tells gateways of a ticket that is apart, and of one that is back', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      await scene.publish(ref, message('a', 'before'));
      await fixture.brokers[0].watch(scene.feed, ['a', 'b']);
      await suspect(ref, null, 'a');
      await listener.until(() => listener.apart.length === 1);
      expect((await scene.history('a', 'b')).apart).toEqual(['a']);
      expect(await scene.contents('a')).toEqual([text('before')]);
      const back = (await pass(APART_FIRST_MS, 'a', 'b')).find(({ id }) => id !== ref.id) ?? ref;
      expect(await scene.begin(back)).toMatchObject({ members: [], joining: ['a'], dueAt: scene.now });
      expect((await scene.history('a')).apart).toEqual(['a']);
      fixture.clock.advance(HOLD_MS);
      await scene.publish(back, message('a', 'before'), message('a', 'after'));
      await listener.until(() => listener.apart.length === 2);
      expect(listener.apart).toEqual([
        { caseId: 'a', apart: true },
        { caseId: 'a', apart: false },
      ]);
      expect((await scene.history('a', 'b')).apart).toEqual([]);
      expect(await scene.contents('a')).toEqual([text('before'), text('after')]);
    });

    it('gives a ticket that is apart no place, whoever wants it', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      await scene.publish(ref);
      await suspect(ref, null, 'a');
      expect(await scene.want('a')).toEqual([]);
      expect(await scene.begin(ref)).toMatchObject({ members: ['b'], joining: [] });
    });

    it('ends a set whose last ticket is set apart', async () => {
      const ref = await scene.wantOneSet('a');
      await suspect(ref, null, 'a');
      expect(await fixture.store.begin(ref, scene.now, scene.now, 'worker')).toEqual({ kind: 'gone' });
    });

    it('leaves a ticket alone for twice as long when it is refused again, and tells it once', async () => {
      await fixture.brokers[0].watch(scene.feed, ['a']);
      await suspect(await scene.wantOneSet('a'), null, 'a');
      const [again] = await pass(APART_FIRST_MS, 'a');
      if (again === undefined) {
        throw new Error('the ticket did not come back');
      }
      await suspect(again, null, 'a');
      expect(await pass(2 * APART_FIRST_MS - 1, 'a')).toEqual([]);
      expect(await pass(1, 'a')).toHaveLength(1);
      expect((await scene.history('a')).apart).toEqual(['a']);
      expect(listener.apart).toEqual([{ caseId: 'a', apart: true }]);
    });

    it('forgets a ticket that nobody wants any more when its time has come', async () => {
      await suspect(await scene.wantOneSet('a'), null, 'a');
      const [nursery, ...others] = await pass(APART_FIRST_MS, 'other');
      expect(others).toEqual([]);
      expect((await scene.history('a')).apart).toEqual([]);
      await scene.want('a');
      expect(nursery && (await scene.begin(nursery)).joining).toEqual(['other', 'a']);
    });

    it('brings a ticket back that left while it was polled by itself', async () => {
      await suspect(await scene.wantOneSet('a'), null, 'a');
      expect(await pass(APART_FIRST_MS, 'a')).toHaveLength(1);
      await pass(APART_FIRST_MS, 'other');
      const [back] = await pass(1000, 'a', 'other');
      expect(back).toBeDefined();
      expect((await scene.history('a')).apart).toEqual([]);
    });

    it('lets newcomers not wait for a search, and changes no set that is searched', async () => {
      const ref = await scene.wantOneSet('a', 'b');
      await suspect(ref, { ...SEARCH, cleared: [] });
      const nursery = await scene.wantOneSet('d');
      expect(nursery.id).not.toBe(ref.id);
      await scene.publish(nursery);
      expect(await scene.begin(ref)).toMatchObject({ joining: ['a', 'b'] });
    });
  });
}
