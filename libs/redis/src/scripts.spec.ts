import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadScript } from './scripts.js';

const FOLDER = join(__dirname, 'lua');
const FILES = readdirSync(FOLDER).map((file) => file.replace(/\.lua$/, ''));
const SCRIPTS = FILES.filter((name) => !name.startsWith('_'));
const read = (name: string) => readFileSync(join(FOLDER, `${name}.lua`), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

/** What the header of a script says that it takes. */
function documented(source: string): string[] {
  const [, section = ''] = /^ {2}Arguments (.*?)^ {2}Returns /ms.exec(source) ?? [];
  return all(` ${' '.repeat('Arguments'.length + 2)}${section}`, /^ {13}(\w+(?:, \w+)*)(?: {2,}|$)/gm)
    .flatMap((names) => names.split(', '))
    .sort();
}

describe('scripts of lua/', () => {
  it.each(SCRIPTS)('%s documents each argument that it uses, and no other', (name) => {
    const used = [...new Set(all(read(name), /\bargs\.(\w+)/g))].sort();
    expect(documented(read(name))).toEqual(used);
    expect(used).not.toEqual([]);
  });

  it.each(SCRIPTS)('%s says what its keys are, and what it returns', (name) => {
    expect(read(name)).toMatch(/^--\[\[\n {2}[\w-]+: .*\n {2}KEYS {7}1 .*\n {2}Returns .*\]\]/s);
  });

  it.each(FILES)('%s declares each constant and names each part that it uses, and no other', (name) => {
    const source = read(name);
    const body = source.replace(/^--\[\[.*?\]\]/s, '').replace(/--.*$/gm, '');
    const includes = all(source, /^-- @include ([\w-]+)$/gm);
    const own = [body, ...includes.map(read)]
      .flatMap((text) => all(text, /^local ([A-Z][A-Z_, ]+) =/gm))
      .flatMap((names) => names.split(', '));
    const used = new Set(
      all(body, /(?<![\w.'])([A-Z][A-Z_]+)\b(?!')/g).filter((word) => !['KEYS', 'ARGV'].includes(word)),
    );
    const declared = all(source, /^-- @constant (.+)$/gm).flatMap((names) => names.split(', '));
    expect([...declared].sort()).toEqual([...used].filter((constant) => !own.includes(constant)).sort());

    const functions = (part: string) => all(read(part), /^local function (\w+)/gm);
    const parts = FILES.filter((part) => part.startsWith('_') && part !== name);
    const calls = (found: string) => new RegExp(`\\b${found}\\(`).test(body);
    const needed = parts.filter((part) => functions(part).some(calls)).sort();
    expect(includes).toEqual(needed);
  });

  it('are loaded with their constants, and with each part once', () => {
    const script = loadScript('quota', { UPSTREAM_MAX_RPS: 7, QUOTA_RAMP_MS: 1, QUOTA_KEPT_MS: 2, UNKNOWN_SHARE: 3 });
    expect(script.split('\n').slice(0, 3)).toEqual([
      'local UPSTREAM_MAX_RPS = 7',
      'local QUOTA_RAMP_MS = 1',
      'local QUOTA_KEPT_MS = 2',
    ]);
    const constants = new Proxy({}, { get: () => 1 });
    const functions = all(loadScript('commit', constants), /^local function (\w+)/gm);
    expect(functions.length).toBe(new Set(functions).size);
  });

  it('are not loaded without a constant that they need', () => {
    expect(() => loadScript('quota', { QUOTA_RAMP_MS: 1, QUOTA_KEPT_MS: 2 })).toThrow(
      'quota.lua needs UPSTREAM_MAX_RPS, which this process does not give its scripts',
    );
  });
});
