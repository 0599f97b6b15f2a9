import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

import { idsOf } from './conformance/check.js';
import { NEEDS_HARNESS, requirementIds } from './conformance/requirements.js';
import { ROOT } from './harness/processes/repository.js';

/** Functions whose first argument is the title of a test, also as `it.each(…)(title, …)`. */
const TESTS = new Set(['it', 'test', 'check']);
/** Files with titles: specs of all kinds, and the checks of `npm run conformance`. */
const TITLED = /\.(spec|e2e-spec|checks)\.ts$/;
/** A title that seems to begin with the id of a requirement. */
const LOOKS_LIKE_IDS = /^[A-Z]\d+\b/;

interface Titled {
  readonly file: string;
  readonly title: string;
}

/**
 * A title begins with the ids of the requirements that its test asserts: `E1 E5: …`. They lead from a requirement to its
 * tests, and from a failed test to its requirement.
 */
describe('the requirements of PROTOCOL.md', () => {
  const ids = requirementIds();
  const titles = ['apps', 'libs', 'test'].flatMap((folder) => titlesIn(join(ROOT, folder)));
  const naming = (title: string) => idsOf(title).filter((id) => ids.includes(id));

  it('have different ids', () => {
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('are each named by a test', () => {
    const named = new Set(titles.flatMap(({ title }) => naming(title)));
    expect(ids.filter((id) => !named.has(id))).toEqual([]);
  });

  it('are the only ones that tests name', () => {
    const wrong = titles.filter(
      ({ title }) => LOOKS_LIKE_IDS.test(title) && idsOf(title).length !== naming(title).length,
    );
    const unread = titles.filter(({ title }) => LOOKS_LIKE_IDS.test(title) && idsOf(title).length === 0);
    expect([...wrong, ...unread]).toEqual([]);
  });

  it('are each checked by npm run conformance, or listed there with what they need', () => {
    const checked = new Set(
      titles.filter(({ file }) => file.endsWith('.checks.ts')).flatMap(({ title }) => naming(title)),
    );
    expect(Object.keys(NEEDS_HARNESS).sort()).toEqual(ids.filter((id) => !checked.has(id)).sort());
  });
});

/** The titles of all tests below a folder. */
function titlesIn(folder: string): Titled[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => TITLED.test(path));
  return files.flatMap((path) => {
    const file = join(folder, path);
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
    return titlesOf(source).map((title) => ({ file: relative(ROOT, file), title }));
  });
}

function titlesOf(node: ts.Node): string[] {
  const inside: string[] = [];
  node.forEachChild((child) => void inside.push(...titlesOf(child)));
  const title = ts.isCallExpression(node) && TESTS.has(calledBy(node)) ? textOf(node.arguments[0]) : null;
  return title === null ? inside : [title, ...inside];
}

/** `it` for `it(…)`, `it.each(…)(…)` and the like. */
function calledBy(node: ts.Node): string {
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return calledBy(node.expression);
  return ts.isIdentifier(node) ? node.text : '';
}

/** The text of a literal. Of a template: the text before its first expression. */
function textOf(node: ts.Node | undefined): string | null {
  if (node === undefined) return null;
  if (ts.isTemplateExpression(node)) return node.head.text;
  return ts.isStringLiteralLike(node) ? node.text : null;
}
