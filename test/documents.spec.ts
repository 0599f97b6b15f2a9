import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { GatewaySettings, WorkerSettings } from '#ops';
import { isThere as isTestThere, testsOf } from './fixtures/named-tests.js';

const ROOT = join(__dirname, '..');
/** Folders that a clean clone does not have, or that hold files of other projects. */
const SKIPPED = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage', 'results']);
/** Folders that commands make. Documents may name them. */
const GENERATED = ['.cache/', 'dist/', 'bench/results/'];

const files = walk(ROOT).map((file) => relative(ROOT, file));
const documents = files.filter((file) => file.endsWith('.md'));
const sources = files.filter((file) => /\.(ts|tsx|mjs|cjs|lua)$/.test(file) && file !== relative(ROOT, __filename));
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('the documents', () => {
  it('have links that lead to a file, and to a heading of it', () => {
    const broken = documents.flatMap((file) =>
      matches(withoutCode(text(file)), /\]\(([^)\s]+)\)/g)
        .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(file, target))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name files and folders that exist, from the root of the repository', () => {
    const broken = documents.flatMap((file) =>
      matches(withoutBlocks(text(file)), /`([^`\s]+)`/g)
        .filter((name) => isPath(name) && !isThere(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(broken).toEqual([]);
  });

  it('show commands that package.json has', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const known = (name: string) => Object.keys(scripts).some((script) => like(name).test(script));
    const broken = documents.flatMap((file) => [
      ...matches(text(file), /\bnpm run (?:--silent )?([\w:*-]+)/g).filter((name) => !known(name)),
      ...matches(text(file), /\bnpm (start|test)\b/g).filter((name) => !known(name)),
      ...matches(text(file), /\bnode (scripts\/[\w./-]+)/g).filter((script) => !existsSync(join(ROOT, script))),
    ]);
    expect(broken).toEqual([]);
  });

  it('name methods that exist, in the way of a message', () => {
    const [, calls = ''] = /```calls\n([^]*?)```/.exec(text('ARCHITECTURE.md')) ?? [];
    const missing = [...calls.matchAll(/(\w+)\.(\w+)/g)].filter(([name, owner, member]) => {
      const declares = (file: string) => new RegExp(`^export class ${owner}\\b`, 'm').test(text(file));
      const file = sources.find((each) => basename(each) === name || declares(each));
      const isFile = file !== undefined && basename(file) === name;
      return !isFile && !(file && new RegExp(`^  (?:private |async )*${member}\\(`, 'm').test(text(file)));
    });
    expect(missing.map(([name]) => name)).toEqual([]);
    expect(calls.split('→').length).toBeGreaterThan(10);
  });

  it('list ten invariants, and comments cite no other', () => {
    const [, section = ''] = text('ARCHITECTURE.md').split('\n## Invariants\n');
    const listed = matches(section.split('\n## ')[0] ?? '', /^(\d+)\. \*\*/gm).map(Number);
    expect(listed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const cited = [...sources, ...documents].flatMap((file) =>
      // A comment may break its line between the word and the number.
      matches(text(file), /\binvariants?[\s*/-]+(\d+)/gi).map((number) => ({ file, number: Number(number) })),
    );
    expect(cited.length).toBeGreaterThan(listed.length);
    expect(cited.filter(({ number }) => !listed.includes(number))).toEqual([]);
  });
});

describe('the settings in README.md', () => {
  const [, section = ''] = text('README.md').split('\n## Settings\n');
  const table = section.split('\n## ')[0] ?? '';
  const named = new Set(matches(table.replace(/^[^|].*$/gm, ''), /`([A-Z][A-Z0-9_]+)[`=]/g));

  it.each([GatewaySettings, WorkerSettings])('are all that %p reads', (Settings) => {
    const read = Object.keys(new Settings()).map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase());
    expect(read.filter((name) => !named.has(name))).toEqual([]);
  });

  it('are no others', () => {
    const read = files.filter((file) => file.startsWith('libs/ops/src/')).map(text);
    const camel = [...named].map((name) =>
      name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    );
    expect(camel.filter((name) => !read.some((source) => source.includes(`${name}:`)))).toEqual([]);
  });
});

describe('the metrics in OPERATIONS.md', () => {
  const [, section = ''] = text('OPERATIONS.md').split('\n## Metrics');
  const named = new Set(matches(section.split('\n## ')[0] ?? '', /`pollcast_([a-z_]+)[`{]/g));
  const code = files.filter((file) => /^(?:libs\/ops|apps\/gateway)\/src\/.*(?<!\.spec)\.ts$/.test(file)).map(text);
  const declared = code.flatMap((source) =>
    matches(source, /(?:METRICS_PREFIX\}|\b(?:named|shows|times)\(\s*')([a-z_]+)/g),
  );

  it('are all that programs show, and no others', () => {
    expect(declared.length).toBeGreaterThan(40);
    expect(declared.filter((name) => !named.has(name))).toEqual([]);
    expect([...named].filter((name) => !declared.includes(name))).toEqual([]);
  });
});

describe('the threats in THREATS.md', () => {
  const markdown = text('THREATS.md');
  const rows = [...markdown.matchAll(/^\| (\d+) \|(?:[^|]+\|){3}([^|]+)\|$/gm)].map(([, number, tests = '']) => ({
    number: Number(number),
    tests: testsOf(tests),
  }));

  it('are numbered from 1 on, and each of them names tests that are there', () => {
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_, at) => at + 1));
    // No row is written so that this test does not see it.
    expect(rows.length).toBe(markdown.match(/^\| *\d/gm)?.length);
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ number }) => number)).toEqual([]);
    const missing = rows.flatMap(({ number, tests }) =>
      tests.filter((test) => !isTestThere(test)).map(({ file, title }) => `${number}: ${file} has no test "${title}"`),
    );
    expect(missing).toEqual([]);
  });
});

describe('comments in the code', () => {
  it('cite documents and files that are in the repository', () => {
    const broken = sources.flatMap((file) =>
      matches(comments(text(file)), /(?<![\w*/.-])((?:[\w-]+\/)*[\w.-]+\.(?:md|ts|tsx|mjs|cjs|lua))\b(?!\.)/g)
        .filter((name) => !isSomewhere(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(broken).toEqual([]);
  });
});

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return SKIPPED.has(entry.name) ? [] : walk(path);
    }
    return entry.isFile() ? [path] : [];
  });
}

function matches(content: string, pattern: RegExp): string[] {
  return [...content.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Markdown without its fenced blocks. */
function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '');
}

/** Markdown without fenced blocks and code spans, because they contain no links. */
function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replace(/`[^`\n]*`/g, 'code');
}

function leadsSomewhere(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const found = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(ROOT, found))) {
    return false;
  }
  return anchor === undefined || headings(text(found)).includes(anchor);
}

/** The anchors that GitHub makes from headings. */
function headings(markdown: string): string[] {
  return matches(withoutBlocks(markdown), /^#{1,6} (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** Whether a code span names a file or folder of the repository: by its first folder, or by its extension. */
function isPath(name: string): boolean {
  const first = name.split('/')[0] ?? '';
  // `core/polling` fails as `libs/core/polling` would: there is one way to write a path.
  const ours = first !== '' && ['.', 'libs', 'apps'].some((folder) => existsSync(join(ROOT, folder, first)));
  return (name.includes('/') && ours && /^[\w./*-]+$/.test(name)) || /^[\w-]+(\.[\w-]+)*\.(ts|lua|mjs)$/.test(name);
}

function isThere(name: string): boolean {
  if (!name.includes('/')) {
    return files.some((file) => basename(file) === name);
  }
  return (
    GENERATED.some((folder) => name.startsWith(folder)) ||
    files.some((file) => like(name).test(file) || file.startsWith(`${name.replace(/\/$/, '')}/`))
  );
}

/** Whether a file exists. In comments a path may leave out the folder of its package: `core/polling/delta.ts`. */
function isSomewhere(name: string): boolean {
  return files.some((file) => [file, file.replace('/src/', '/')].some((path) => `/${path}`.endsWith(`/${name}`)));
}

/** The pattern of a path in which `*` means any characters but a slash. */
function like(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*')}$`);
}

/** The comments of a TypeScript or Lua file. A text that looks like a comment is read as one. */
function comments(source: string): string {
  return matches(source, /(\/\*[\s\S]*?\*\/|(?<!:)\/\/.*|--.*)/g).join('\n');
}
