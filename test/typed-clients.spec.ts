import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asyncApiDocument, EVENT_NAMES, openApiDocument, REQUEST_NAMES } from '#protocol';
import { ROOT } from './harness/processes/repository.js';

const run = promisify(execFile);
const LONGEST_MS = 60_000;

/** A client that is written with nothing but the generated types. `fetch` and a socket are what it has of the world. */
const CLIENT = `
import type { paths } from './openapi.js';
import type * as Payloads from './asyncapi.js';

type History = paths['/v1/cases/{case_id}/messages']['get'];
type Page = History['responses'][200]['content']['application/json'];
type Refusal = History['responses'][429]['content']['application/problem+json'];
type Query = NonNullable<History['parameters']['query']>;

export async function contents(base: string, caseId: string, query: Query): Promise<string[] | Refusal['code']> {
  const answer = await fetch(\`\${base}/v1/cases/\${caseId}/messages?limit=\${query.limit ?? 100}\`);
  if (!answer.ok) return ((await answer.json()) as Refusal).code;
  const page = (await answer.json()) as Page;
  return page.events.flatMap((event) => (event.event === 'message' ? [JSON.stringify(event.message)] : []));
}

export const wanted: Payloads.SubscribePayload = { case_ids: ['T1'], history: 10, last_event_id: null };
// @ts-expect-error -- a subscription without tickets is none
export const nothing: Payloads.SubscribePayload = {};
// @ts-expect-error -- the table of codes is closed
export const unknownCode: Refusal['code'] = 'sing';
`;

/** That the types of the code and the generated ones are the same, in both directions. */
const COMPARISON = `
import type { EventData } from '${join(ROOT, 'libs/protocol/src/events.js')}';

/** The upstream's object is unknown to the code, and an object to clients. */
type Content = 'message';
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? T extends { case_id: string; message: unknown }
      ? { -readonly [K in Exclude<keyof T, Content>]: Plain<T[K]> }
      : { -readonly [K in keyof T]: Plain<T[K]> }
    : T;
interface Described {
${EVENT_NAMES.map((name) => `  ${name}: Payloads.${payloadName(name)};`).join('\n')}
}
type Ours = Plain<EventData>;
type Theirs = Plain<Described>;
export const theirs: { [Name in keyof Ours]: (event: Ours[Name]) => Theirs[Name] } = {
${EVENT_NAMES.map((name) => `  ${name}: (event) => event,`).join('\n')}
};
export const ours: { [Name in keyof Theirs]: (event: Theirs[Name]) => Ours[Name] } = {
${EVENT_NAMES.map((name) => `  ${name}: (event) => event,`).join('\n')}
};
export const requests: (${REQUEST_NAMES.map((name) => `Payloads.${payloadName(`${name}Ack`)}`).join(' | ')})['ok'][] = [true, false];
`;

function payloadName(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}Payload`;
}

describe('typed clients that are generated from the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollcast-typed-clients-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    'compile, and have the types of the code',
    async () => {
      writeFileSync(join(folder, 'openapi.json'), JSON.stringify(openApiDocument('1.0.0')));
      writeFileSync(join(folder, 'asyncapi.json'), JSON.stringify(asyncApiDocument('1.0.0')));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'client.ts'), `${CLIENT}${COMPARISON}`);
      const { stdout } = await run(process.execPath, [join(__dirname, 'fixtures/typed-clients.mjs'), folder]);
      expect(stdout.trim()).toBe('');
    },
    LONGEST_MS,
  );
});
