import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file as it is answered. */
export interface ConsoleFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Whether its name changes with its content. */
  readonly isHashed: boolean;
}

/** What the page has to know of this gateway before its first request. */
export interface PageFacts {
  readonly authMode: string;
  /** Name of the claim with the ticket ids. */
  readonly casesClaim: string;
  /** Whether the page may post messages and cause faults, at a simulator. */
  readonly hasDemo: boolean;
  /** Whether the interfaces are described at `/docs`. */
  readonly hasDocs: boolean;
}

/** Written by scripts/console.mjs. From dist/apps/gateway/src/console it is dist/apps/console/public. */
export const CONSOLE_FOLDER = join(__dirname, '../../../console/public');
const PAGE = 'index.html';
/** Vite puts files with a digest in their names here. */
const HASHED = 'assets';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The built console, by path. It is read once and kept: half a megabyte, and no request touches the disk.
 *
 * @param folder what Vite has written
 * @returns empty if the console was not built
 */
export function consoleFiles(folder: string, facts: PageFacts): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  if (!existsSync(join(folder, PAGE))) {
    return files;
  }
  const page = file('.html', Buffer.from(withFacts(readFileSync(join(folder, PAGE), 'utf8'), facts)), false);
  files.set('/', page);
  files.set('/ops', page);
  for (const name of readdirSync(join(folder, HASHED))) {
    files.set(`/${HASHED}/${name}`, file(extname(name), readFileSync(join(folder, HASHED, name)), true));
  }
  return files;
}

function file(extension: string, plain: Buffer, isHashed: boolean): ConsoleFile {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extension] ?? 'application/octet-stream', plain, gzipped: gzipSync(plain), etag, isHashed };
}

/** The facts are attributes of the page: the content security policy allows no script inside of it. */
function withFacts(page: string, { authMode, casesClaim, hasDemo, hasDocs }: PageFacts): string {
  const attributes = {
    'data-auth': authMode,
    'data-cases-claim': casesClaim,
    ...(hasDemo && { 'data-demo': 'on' }),
    ...(hasDocs && { 'data-docs': 'on' }),
  };
  const text = Object.entries(attributes)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(' ');
  return page.replace('<html', () => `<html ${text}`);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');
