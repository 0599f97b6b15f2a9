import { setTimeout as sleep } from 'node:timers/promises';
import { NOT_APPLICABLE } from './not-applicable.js';

/** The functions of vitest that the suite uses, by those of jest: jest.config.cjs puts this in place of vitest. */
const expectOfJest = expect;
export { expectOfJest as expect };

/** Longest case, ms: the machine may be busy with other things. */
const CASE_MS = 60_000;
/** `npm run test:streams` runs these, too: they draw cases, or send much. */
const LONG = ['Property-Based Tests (fast-check)', 'Chunking and Large Payloads'];
const isWhole = process.env['STREAMS_WHOLE'] === '1';

/** The groups that are being described, the outermost first. */
const groups: string[] = [];
const left = new Set(NOT_APPLICABLE.flatMap(({ groups: named = [], cases = [] }) => [...named, ...cases]));
/** What the suite has of {@link NOT_APPLICABLE}. */
export const found = new Set<string>();

function describeGroup(name: string, tests: () => void): void {
  if (left.has(name)) return void found.add(name);
  globalThis.describe(name, () => {
    groups.push(name);
    tests();
    groups.pop();
  });
}

function testCase(name: string, run: () => Promise<void>): void {
  const title = `${groups.at(-1)} › ${name}`;
  if (left.has(title)) found.add(title);
  else if (isWhole || !groups.some((group) => LONG.includes(group))) globalThis.test(name, run, CASE_MS);
}

export const test = Object.assign(testCase, { concurrent: testCase });

export const describe = Object.assign(describeGroup, {
  /** Groups that a server may leave out. */
  runIf: (isWanted: unknown) => (isWanted ? describeGroup : (name: string) => void found.add(name)),
});

export const vi = {
  /** Calls the function until it does not throw. */
  async waitFor(look: () => unknown, { timeout = 1000, interval = 50 } = {}): Promise<unknown> {
    for (const end = Date.now() + timeout; ; await sleep(interval)) {
      try {
        return await look();
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  },
};
