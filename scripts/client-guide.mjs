import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root } from './repository.mjs';

const GUIDES = ['README.md', 'libs/client/README.md', 'libs/client/llms.txt'];
/** Fewer mean that the guides are written in another way than this file reads. */
const BLOCKS_MIN = 10;
const BLOCK = /^```js\n([\s\S]*?)^```$/gm;
/** What a page has besides the client. */
const PAGE = `
declare const getToken: (fresh: boolean) => Promise<string>;
declare const [show, showState, mark, reload, hide, onGap]: ((what: unknown) => void)[];
declare const snapshots: import('pollcast-client').CaseSnapshot[];
declare const createCollection: typeof import('@tanstack/db').createCollection;
declare function useQuery<T>(options: {
  queryKey: readonly string[];
  queryFn: (context: import('@tanstack/query-core').QueryFunctionContext<never>) => Promise<T>;
}): { data?: T };
`;
const CLIENT = `declare const client: import('pollcast-client').Client;\n`;

/**
 * Writes each block of JavaScript in the guides that imports the client as a program for the compiler, with the built package.
 *
 * @param folder the package
 * @returns the folder of the programs, with a tsconfig.json
 */
export function clientGuide(folder) {
  const blocks = GUIDES.flatMap((guide) => [...readFileSync(join(root, guide), 'utf8').matchAll(BLOCK)])
    .map(([, block]) => block)
    .filter((block) => block.includes("from 'pollcast-client"));
  if (blocks.length < BLOCKS_MIN) throw new Error(`the guides have ${blocks.length} blocks, not ${BLOCKS_MIN}`);
  const programs = cache('client-guide');
  rmSync(programs, { recursive: true, force: true });
  mkdirSync(programs, { recursive: true });
  blocks.forEach((block, at) => {
    const client = /^const client\b/m.test(block) ? '' : CLIENT;
    writeFileSync(join(programs, `block-${at + 1}.ts`), `${PAGE}${client}${block}`);
  });
  const built = join(folder, 'dist/esm');
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: 'ES2022',
    module: 'ES2022',
    moduleResolution: 'bundler',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    types: [],
    paths: { 'pollcast-client': [join(built, 'index.d.ts')], 'pollcast-client/*': [join(built, '*.d.ts')] },
  };
  writeFileSync(join(programs, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return programs;
}
