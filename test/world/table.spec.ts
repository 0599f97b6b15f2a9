import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isThere, testsOf, type NamedTest } from '../fixtures/named-tests.js';

interface Row {
  readonly number: number;
  readonly tests: readonly NamedTest[];
  /** Ids of planted mistakes. */
  readonly mistakes: readonly string[];
}

/** A table of kinds is worth as much as the tests that it names. */
describe('test/world/README.md', () => {
  const markdown = readFileSync(join(__dirname, 'README.md'), 'utf8');
  const rows = rowsOf(markdown);

  it('numbers its kinds from 1 on, without a hole', () => {
    const numbers = rows.map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(25);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    // No row is written so that this test does not see it.
    expect(numbers.length).toBe(markdown.match(/^\| *\d/gm)?.length);
  });

  it('names for each kind a test that is there', () => {
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ number }) => number)).toEqual([]);
    const missing = rows.flatMap(({ number, tests }) =>
      tests.filter((test) => !isThere(test)).map(({ file, title }) => `${number}: ${file} has no test "${title}"`),
    );
    expect(missing).toEqual([]);
  });

  it('names for each kind a planted mistake that undoes what was mended', () => {
    const folder = join(__dirname, '../mutants');
    const planted = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
    const isPlanted = (id: string) => planted.some((text) => text.includes(`id: '${id}',`));
    expect(rows.filter(({ mistakes }) => mistakes.length === 0).map(({ number }) => number)).toEqual([]);
    expect(rows.flatMap(({ mistakes }) => mistakes.filter((id) => !isPlanted(id)))).toEqual([]);
  });
});

/** A row is `| number | kind | tried | tests | mistakes |`. Tests are files in backticks, each followed by titles in quotes. */
function rowsOf(markdown: string): Row[] {
  const cells = [...markdown.matchAll(/^\| (\d+) \|[^|]+\|[^|]+\|([^|]+)\|([^|]+)\|$/gm)];
  return cells.map(([, number, tests = '', mistakes = '']) => ({
    number: Number(number),
    tests: testsOf(tests),
    mistakes: [...mistakes.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id),
  }));
}
