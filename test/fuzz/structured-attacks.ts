import fc from 'fast-check';
import { exchange } from '../harness/clients/exchange.js';
import { RawWebSocket } from '../harness/clients/raw-websocket.js';
import { textFrame } from '../harness/clients/websocket-frames.js';
import { until } from '../harness/until.js';
import { WRONG, type Attack, type AttackContext } from './attack.js';
import { ODD_TEXTS, wellFormed } from './inputs.js';

/** Requests of one run of an attack. */
const REQUESTS = 8;
/** A gateway answers within five seconds (X3). */
const ANSWER_MS = 8000;

const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string(), fc.string({ unit: 'binary' }));
const id = fc.oneof(fc.constantFrom('fuzz-1', 'fuzz-2', 'honest-1'), text);
const value = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.jsonValue());
/** The members of a request, right and wrong ones; any of them may be absent. */
const request = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      {
        case_ids: fc.oneof(fc.array(id, { maxLength: 30 }), id, fc.jsonValue()),
        group_id: value,
        language: fc.oneof(fc.constantFrom('en', 'zh-Hans-CN', 'en-US,en;q=0.9,*;q=0', 'x-'.repeat(50)), value),
        history: fc.oneof(fc.integer(), value),
        last_event_id: value,
        heartbeat: value,
        client_id: value,
        token: value,
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('__proto__', 'constructor', 'case_ids', 'length', 'toJSON'), value),
  },
);

const drawn = <T>(arbitrary: fc.Arbitrary<T>, { seed }: AttackContext) =>
  fc.sample(arbitrary, { seed, numRuns: REQUESTS });

/** JSON of it. A key `__proto__` is written, too. */
function json(body: unknown, random: AttackContext['random']): string {
  const written = JSON.stringify(body) ?? 'null';
  return random.chance(0.2) && written.startsWith('{"')
    ? `{"__proto__":{"case_ids":["fuzz-1"]},${written.slice(1)}`
    : written;
}

function queryOf(body: unknown): string {
  const pairs = Object.entries(Object(body) as object).flatMap(([key, member]): [string, string][] =>
    (Array.isArray(member) ? (member as unknown[]) : [member]).map((one) => [
      key,
      typeof one === 'string' ? one : (JSON.stringify(one) ?? ''),
    ]),
  );
  return new URLSearchParams(pairs).toString();
}

/** Makes each request on a connection of its own. A stream that begins is given up after its first bytes. */
async function overHttp(
  context: AttackContext,
  requests: readonly { path: string; method: string; body?: string }[],
): Promise<string> {
  const { port, token, random } = context;
  const answers = requests.map(async ({ path, method, body }) => {
    const authorization = random.chance(0.9) ? `Bearer ${token}` : 'Bearer x';
    const headers = { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) };
    try {
      const more = { method, headers, timeoutMs: ANSWER_MS, ...(body !== undefined && { body }) };
      const { status, text: answer } = await exchange(`http://127.0.0.1:${port}${path}`, more);
      return `HTTP/1.1 ${status} ${answer}`;
    } catch (error) {
      return String(error).includes('no answer') ? `${WRONG}${String(error)}` : '';
    }
  });
  return (await Promise.all(answers)).join('\n');
}

async function overSocket(context: AttackContext, bodies: readonly unknown[]): Promise<string> {
  const { port, token, random } = context;
  const socket = await RawWebSocket.subscribed(port, token, []);
  const events = ['subscribe', 'unsubscribe', 'authenticate', 'unknown'];
  try {
    bodies.forEach((body, at) => {
      const more = random.chance(0.1) ? ',null' : '';
      socket.send(textFrame(`42${at + 1}["${random.pick(events)}",${json(body, random)}${more}]`));
    });
    const acknowledged = (at: number) => socket.frames.texts.some((each) => each.startsWith(`43${at + 1}[`));
    await until(() => socket.isEnded || bodies.every((_, at) => acknowledged(at)), ANSWER_MS);
    const { faults, texts } = socket.frames;
    return `${socket.isEnded || faults.length > 0 ? `${WRONG}the socket ended, or ${faults.join(', ')} ` : ''}${texts.join('\n')}`;
  } finally {
    socket.tcp.destroy();
  }
}

/** Requests that are right HTTP and right JSON. Each has to be answered. */
export const STRUCTURED_ATTACKS: readonly Attack[] = [
  {
    name: 'drawn queries of streams',
    // HEAD checks a query as GET does, and opens no stream.
    run: (context) =>
      overHttp(
        context,
        drawn(request, context).map((body) => ({ path: `/v1/events?${queryOf(body)}`, method: 'HEAD' })),
      ),
  },
  {
    name: 'drawn queries of history',
    run: (context) =>
      overHttp(
        context,
        drawn(fc.tuple(id, request), context).map(([caseId, body]) => ({
          path: `/v1/cases/${encodeURIComponent(wellFormed(caseId))}/messages?${queryOf(body)}`,
          method: 'GET',
        })),
      ),
  },
  {
    name: 'drawn bodies of hints',
    run: (context) =>
      overHttp(
        context,
        drawn(request, context).map((body) => ({
          path: '/v1/hints',
          method: 'POST',
          body: json(body, context.random),
        })),
      ),
  },
  {
    name: 'drawn requests of Socket.IO',
    run: (context) => overSocket(context, drawn(request, context)),
  },
];
