import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../harness/processes/repository.js';

interface Row {
  readonly number: number;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
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
      tests
        .filter(({ file, title }) => !begins(file, title))
        .map(({ file, title }) => `${number}: ${file} has no test "${title}"`),
    );
    expect(missing).toEqual([]);
  });
});

/** Whether a text in this file begins with that title. */
function begins(file: string, title: string): boolean {
  const path = join(ROOT, file);
  return existsSync(path) && ["'", '"', '`'].some((quote) => readFileSync(path, 'utf8').includes(`${quote}${title}`));
}

/** A row is `| number | kind | tried | tests |`. Tests are files in backticks, each followed by titles in quotes. */
function rowsOf(markdown: string): Row[] {
  const cells = [...markdown.matchAll(/^\| (\d+) \|[^|]+\|[^|]+\|([^|]+)\|$/gm)];
  return cells.map(([, number, tests = '']) => ({ number: Number(number), tests: testsOf(tests) }));
}

function testsOf(cell: string): Row['tests'] {
  return cell.split(';').flatMap((part) => {
    const file = /`([^`]+)`/.exec(part)?.[1] ?? '';
    return [...part.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title }));
  });
}
