import type { SeededRandom } from '../harness/seeded-random.js';
import type { Attack, AttackContext } from './attack.js';
import { deepJson, mutated, ODD_TEXTS, wellFormed } from './inputs.js';
import { rawExchange } from './raw-exchange.js';

const EVENTS = '/v1/events?case_ids=fuzz-1&history=5';
const MESSAGES = '/v1/cases/fuzz-1/messages?limit=5';
const POLL = '/v2/servicerequest/cases/instant-messages?case_ids=fuzz-1&last_message_time_id=1768478400250';
const POLLING = '/socket.io/?EIO=4&transport=polling';
const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const PATHS = [
  EVENTS,
  MESSAGES,
  POLL,
  POLLING,
  '/v1/hints',
  '/health/live',
  '/metrics',
  '/admin/revocations',
  '/socket.io/',
];
/** Levels of JSON that recursion does not survive. */
const DEEP = 100_000;

const bearer = ({ token, random }: AttackContext) => (random.chance(0.7) ? `Authorization: Bearer ${token}\r\n` : '');

function get(context: AttackContext, path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${bearer(context)}${more}\r\n`;
}

function post(context: AttackContext, path: string, body: string, more = ''): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${bearer(context)}${length}${more}\r\n${body}`;
}

/** A right request of any door. */
function rightRequest(context: AttackContext): string {
  const { random } = context;
  const body = JSON.stringify({ case_ids: ['fuzz-1', 'fuzz-2'], history: 3 });
  return random.pick([
    () => get(context, EVENTS),
    () => post(context, '/v1/events', body),
    () => post(context, '/v1/events', body).replace('POST', 'QUERY'),
    () => get(context, MESSAGES),
    () => get(context, POLL),
    () => post(context, '/v1/hints', '{"case_ids":["fuzz-1"]}'),
    () => get(context, POLLING),
    () => UPGRADE,
    () => post(context, '/admin/revocations', '{"sub":"fuzz"}'),
    () => get(context, '/metrics'),
  ])();
}

/** Cut into pieces at random places. */
function inPieces(random: SeededRandom, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + random.integer(1, Math.max(1, bytes.length >> 2));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

export const HTTP_ATTACKS: readonly Attack[] = [
  {
    name: 'a request with changed bytes',
    run: (context) => {
      const bytes = mutated(context.random, Buffer.from(rightRequest(context), 'latin1'));
      return rawExchange(context.port, [bytes]);
    },
  },
  {
    name: 'a request with changed bytes, slowly',
    run: (context) => {
      const bytes = mutated(context.random, Buffer.from(rightRequest(context), 'latin1'), 2);
      return rawExchange(context.port, inPieces(context.random, bytes), { pauseMs: context.random.integer(1, 8) });
    },
  },
  {
    name: 'a handshake byte by byte that does not end',
    run: ({ port, random }) =>
      rawExchange(port, [...UPGRADE.slice(0, random.integer(1, UPGRADE.length - 3))], { pauseMs: 1, quietMs: 50 }),
  },
  {
    name: 'a flood of header fields',
    run: (context) => {
      const { port, random } = context;
      const name = random.pick([
        'X',
        '__proto__',
        'Cookie',
        'Authorization',
        'Host',
        'Origin',
        'Last-Event-ID',
        'X-Forwarded-For',
      ]);
      const field = `${name}: ${'y'.repeat(random.integer(0, 60))}\r\n`;
      return rawExchange(port, [get(context, random.pick(PATHS), field.repeat(random.integer(10, 3000)))]);
    },
  },
  {
    name: 'huge header fields',
    run: (context) => {
      const field = `X: ${'y'.repeat(context.random.integer(20_000, 300_000))}\r\n`;
      return rawExchange(context.port, [get(context, context.random.pick(PATHS), field)]);
    },
  },
  {
    name: 'a huge WebSocket handshake',
    run: ({ port, random }) =>
      rawExchange(port, [UPGRADE.replace('Host: a', `Host: a\r\nX: ${'y'.repeat(random.integer(10_000, 300_000))}`)]),
  },
  {
    name: 'a path that leads elsewhere',
    run: (context) => {
      const { random } = context;
      const odd = encodeURI(wellFormed(random.pick(ODD_TEXTS)));
      const at = random.pick([
        '/',
        '/v1/',
        '/v1/cases/',
        '/v1/events/',
        '/socket.io/',
        '//',
        '/v1//',
        'http://b/',
        '/admin/',
      ]);
      const text = random.chance(0.5) ? odd : Buffer.from(random.pick(ODD_TEXTS)).toString('latin1');
      return rawExchange(context.port, [get(context, `${at}${text}${random.pick(['', '/messages', '?x'])}`)]);
    },
  },
  {
    name: 'keys that pollute and repeat',
    run: (context) => {
      const { random } = context;
      const pairs = Array.from({ length: random.integer(1, 200) }, () => {
        const key = random.pick([
          'case_ids',
          'case_ids[]',
          'case_ids[0]',
          'case_ids[__proto__]',
          '__proto__',
          'constructor',
          'history',
          'sid',
          'EIO',
          'transport',
          'last_event_id',
          'limit',
          'access_token',
        ]);
        return `${key}=${encodeURIComponent(wellFormed(random.pick(ODD_TEXTS)))}`;
      });
      const [path = ''] = random.pick(PATHS).split('?');
      return rawExchange(context.port, [get(context, `${path}?${pairs.join('&')}`)]);
    },
  },
  {
    name: 'a body in broken chunks',
    run: (context) => {
      const { random } = context;
      const size = random.pick([
        'ffffffffffffffff',
        '-1',
        '0x5',
        '5;x=y',
        '',
        ' 5',
        '5\n',
        'g',
        '1'.repeat(5000),
        '80000000',
      ]);
      const head = post(context, random.pick(['/v1/events', '/v1/hints', POLLING]), '').replace(
        'Content-Length: 0',
        'Transfer-Encoding: chunked',
      );
      return rawExchange(context.port, [
        head,
        `${size}\r\n{"case`,
        random.pick(['\r\n0\r\n\r\n', '\r\n', '', '0\r\nX: y\r\n\r\n']),
      ]);
    },
  },
  {
    name: 'many requests ahead of their answers',
    run: (context) => {
      const requests = Array.from({ length: context.random.integer(2, 60) }, () => rightRequest(context));
      return rawExchange(context.port, [requests.join('')]);
    },
  },
  {
    name: 'a hundred thousand levels of JSON',
    run: (context) => {
      const { random } = context;
      const deep = deepJson(DEEP, random.chance(0.6), random.pick(['[', '{"a":']));
      const body = random.pick([deep, `{"case_ids":${deep}}`, `{"case_ids":["fuzz-1"],"more":${deep}}`]);
      return rawExchange(context.port, [post(context, random.pick(['/v1/events', '/v1/hints']), body)], {
        quietMs: 600,
      });
    },
  },
  {
    name: 'a body of another type or charset',
    run: (context) => {
      const { random } = context;
      const type = random.pick([
        'text/plain',
        'application/json; charset=utf-16',
        'application/json; charset=\x80',
        'multipart/form-data; boundary=x',
        'application/x+json',
        '*/*',
        'application/json;'.repeat(500),
      ]);
      const body = mutated(random, Buffer.from('{"case_ids":["fuzz-1"],"history":5}')).toString('latin1');
      const length = `Content-Length: ${body.length}\r\n`;
      const encoding = random.chance(0.3) ? 'Content-Encoding: gzip\r\n' : '';
      return rawExchange(context.port, [
        `POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${bearer(context)}${encoding}${length}\r\n${body}`,
      ]);
    },
  },
];
