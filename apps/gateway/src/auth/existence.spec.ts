import { RecordingLink } from '../../../../test/harness/recording-link.js';
import { DOORS, type Door } from '../../test/rights-matrix/doors.js';
import { EVERYTHING, MODES } from '../../test/rights-matrix/modes.js';
import { ROWS } from '../../test/rights-matrix/rows.js';
import { RunningGateway } from '../../test/running-gateway.js';
import type { TestStore } from '../../test/test-store.js';

/** Of the same length, so that answers have the same length. */
const EXISTS = 'FOREIGN-1';
const DOES_NOT = 'INVENTED1';
/** Of each ticket. What the gateway does once a second may happen during any of them. */
const TRIES = 2;

/** The number of a subject's connections is told some time after one has ended, perhaps during the next try. */
const TOLD_LATER = 'counts.set';

/** What of an answer differs from one connection to the next. */
const VARYING =
  /^date: .*\r$|"sid":"[^"]*"|sid=[\w-]+|sec-websocket-accept: .*\r|^x-request-id: .*\r$|"request_id":"[^"]*"/gim;

type Calls = Record<string, number>;

/** Counts every call to the store from now on, by the name of the method. */
function countCalls({ registry, broker, counts, queue }: TestStore): { readonly calls: Calls; stop(): void } {
  const calls: Calls = {};
  const spies = Object.entries({ registry, broker, counts, queue }).flatMap(([part, object]) =>
    methodsOf(object).map((name) => {
      const call = Reflect.get(object, name) as (...args: unknown[]) => unknown;
      return jest.spyOn(object as unknown as Record<string, () => unknown>, name).mockImplementation((...args) => {
        calls[`${part}.${name}`] = (calls[`${part}.${name}`] ?? 0) + 1;
        return call.apply(object, args);
      });
    }),
  );
  return { calls, stop: () => spies.forEach((spy) => spy.mockRestore()) };
}

function methodsOf(object: object): string[] {
  const own = Object.getOwnPropertyNames(object).filter((name) => typeof Reflect.get(object, name) === 'function');
  const inherited = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== 'constructor');
  return [...new Set([...own, ...inherited])].filter((name) => typeof Reflect.get(object, name) === 'function');
}

/** The least of each count: what is not part of every try was not caused by the request. */
function least(tries: readonly Calls[]): Calls {
  const names = new Set(tries.flatMap((calls) => Object.keys(calls)));
  const counts = [...names].map((name) => [name, Math.min(...tries.map((calls) => calls[name] ?? 0))] as const);
  return Object.fromEntries(counts.filter(([name, count]) => count > 0 && name !== TOLD_LATER).sort());
}

/**
 * A refused client learns nothing of a ticket but its own words. Time is a matter of what is done, so what is done is
 * compared: every call to the store, which is all that a gateway waits for.
 */
describe.each(MODES.filter(({ asksForTokens, isOtherForm }) => asksForTokens && !isOtherForm))(
  'a client without rights, with $name,',
  (mode) => {
    let gateway: RunningGateway;
    beforeAll(async () => {
      gateway = await RunningGateway.start({ MAX_CONNECTIONS_PER_SUBJECT: '1000', ...(await mode.start()) });
      await gateway.store.publish(EXISTS);
      await gateway.store.publish(EXISTS, 'of a group', 'G-OWN');
      const known = await gateway.read(`/v1/cases/${EXISTS}/messages`, {
        authorization: `Bearer ${await mode.token(EVERYTHING)}`,
      });
      expect((await known.whole()).text).toContain('message 1');
    });
    afterAll(async () => {
      await gateway.stop();
      mode.stop();
    });

    async function ask(door: Door, caseIds: readonly string[], groupId: string | undefined, token: string | null) {
      const link = await RecordingLink.to(Number(new URL(gateway.url).port));
      const counting = countCalls(gateway.store);
      const tokenForAll = await mode.token(EVERYTHING);
      const answer = await door.ask(link.url, {
        caseIds,
        token,
        tokenForAll,
        ...(groupId !== undefined && { groupId }),
      });
      answer.close();
      counting.stop();
      link.dispose();
      return { bytes: link.text.replaceAll(VARYING, ''), calls: counting.calls, outcome: answer.outcome };
    }

    const refused = ROWS.filter(({ caseIds, refused }) => refused && caseIds.includes(EXISTS));

    it.each(DOORS.filter(({ name }) => name !== 'authenticate'))(
      'A4: cannot tell at $name whether a ticket exists, by answer or by what is done',
      async (door) => {
        for (const { name, caseIds, groupId, token = 'good' } of refused.filter((row) => door.expected(row) !== null)) {
          const seen: Record<string, Awaited<ReturnType<typeof ask>>[]> = { [EXISTS]: [], [DOES_NOT]: [] };
          for (let each = 0; each < TRIES; each += 1) {
            for (const [caseId, answers] of Object.entries(seen)) {
              const ids = caseIds.map((id) => (id === EXISTS ? caseId : id));
              answers.push(await ask(door, ids, groupId, await mode.tokenOf(token)));
            }
          }
          const [known = [], unknown = []] = [seen[EXISTS], seen[DOES_NOT]];
          expect(known[0]?.outcome).not.toBe('granted');
          const unnamed = unknown[0]?.bytes.replaceAll(DOES_NOT, EXISTS);
          expect({ name, bytes: unnamed }).toEqual({ name, bytes: known[0]?.bytes });
          const [calls, other] = [known, unknown].map((tries) => least(tries.map((one) => one.calls)));
          expect({ name, calls: other }).toEqual({ name, calls });
        }
      },
    );
  },
);
