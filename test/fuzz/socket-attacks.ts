import { setTimeout as sleep } from 'node:timers/promises';
import { RawWebSocket } from '../harness/clients/raw-websocket.js';
import { clientFrame, OPCODE, textFrame } from '../harness/clients/websocket-frames.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import { WRONG, type Attack, type AttackContext } from './attack.js';
import { deepJson, mutated, ODD_TEXTS } from './inputs.js';
import { rawExchange } from './raw-exchange.js';

const DEEP = 100_000;
const POLLING = '/socket.io/?EIO=4&transport=polling';

/** Packets of Engine.IO and Socket.IO, right and wrong ones. */
function packet(random: SeededRandom, token: string): string {
  const event = random.pick([
    'subscribe',
    'unsubscribe',
    'authenticate',
    '__proto__',
    'constructor',
    'disconnect',
    'error',
    '',
  ]);
  const body = random.pick([
    '{"case_ids":["fuzz-1"]}',
    '{"case_ids":["fuzz-1"],"history":1000}',
    '{"__proto__":{"polluted":true},"case_ids":["fuzz-1"]}',
    '{"case_ids":["fuzz-1"],"case_ids":"x"}',
    '{"case_ids":{"length":1000000000}}',
    JSON.stringify({ case_ids: [random.pick(ODD_TEXTS)] }),
    JSON.stringify({ token: random.pick([token, ...ODD_TEXTS]) }),
    'null',
    '[]',
    '1e999',
  ]);
  const ack = random.pick(['', '0', '7', '99999999999999999999', '-1']);
  const whole = `42${ack}["${event}",${body}]`;
  const nsp = random.pick(['', '/', '/other,', '/__proto__,', '/?token=x,']);
  return random.pick([
    whole,
    whole,
    mutated(random, Buffer.from(whole)).toString('utf8'),
    `40${nsp}{"token":"${random.pick(['', 'x', token])}"}`,
    `41${nsp}`,
    `43${ack}["x"]`,
    `44{"message":"x"}`,
    `45${random.integer(0, 12)}-["${event}",{"_placeholder":true,"num":${random.pick([0, 5, -1, 1e9])}}]`,
    `46${random.integer(0, 99_999_999)}-${ack}[{"_placeholder":true,"num":"__proto__"}]`,
    random.pick(['0', '1', '2', '3', '4', '5', '6', '7', '2probe', '3probe', 'b4', '4']),
    `42["subscribe",${deepJson(DEEP, random.chance(0.7))}]`,
  ]);
}

function frameOf(random: SeededRandom, payload: string | Buffer): Buffer {
  const chosen = random.pick(Object.values(OPCODE));
  return clientFrame({
    opcode: random.chance(0.7) ? OPCODE.text : random.chance(0.7) ? chosen : random.integer(0, 15),
    payload,
    isLast: random.chance(0.8),
    reserved: random.chance(0.9) ? 0 : random.integer(1, 7),
    masked: random.chance(0.95),
    ...(random.chance(0.05) && { saidLength: BigInt(random.pick([0, 1, 126, 65_536, 2 ** 31, 2 ** 53])) }),
  });
}

/** What a WebSocket has received, with what is wrong in its frames. */
function received(socket: RawWebSocket): string {
  const { faults, texts } = socket.frames;
  return `${faults.length > 0 ? `${WRONG}${faults.join(', ')} ` : ''}${texts.join('\n')}`;
}

async function withSocket(
  { port, token }: AttackContext,
  isConnected: boolean,
  send: (socket: RawWebSocket) => Promise<void>,
): Promise<string> {
  const socket = isConnected ? await RawWebSocket.subscribed(port, token, ['fuzz-1']) : await RawWebSocket.open(port);
  try {
    await send(socket);
    await sleep(100);
    return received(socket);
  } finally {
    socket.tcp.destroy();
  }
}

export const SOCKET_ATTACKS: readonly Attack[] = [
  {
    name: 'wrong packets in right frames',
    run: (context) =>
      withSocket(context, context.random.chance(0.7), async (socket) => {
        for (let left = context.random.integer(1, 8); left > 0; left -= 1) {
          socket.send(textFrame(packet(context.random, context.token)));
        }
      }),
  },
  {
    name: 'wrong frames',
    run: (context) =>
      withSocket(context, context.random.chance(0.6), async (socket) => {
        for (let left = context.random.integer(1, 12); left > 0; left -= 1) {
          socket.send(frameOf(context.random, packet(context.random, context.token)));
          if (context.random.chance(0.3)) await sleep(2);
        }
      }),
  },
  {
    name: 'frames with changed bytes',
    run: (context) =>
      withSocket(context, context.random.chance(0.6), async (socket) => {
        const frames = Array.from({ length: 5 }, () => textFrame(packet(context.random, context.token)));
        socket.send(mutated(context.random, Buffer.concat(frames)));
      }),
  },
  {
    name: 'binary frames',
    run: (context) =>
      withSocket(context, context.random.chance(0.7), async (socket) => {
        const { random } = context;
        socket.send(textFrame(packet(random, context.token)));
        for (let left = random.integer(1, 4); left > 0; left -= 1) {
          socket.send(clientFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(random.integer(0, 40_000), 'x') }));
        }
      }),
  },
  {
    name: 'a flood of requests',
    run: (context) =>
      withSocket(context, true, async (socket) => {
        const text = packet(context.random, context.token).slice(0, 2000);
        socket.send(Buffer.concat(Array.from({ length: context.random.integer(50, 1500) }, () => textFrame(text))));
        await sleep(100);
      }),
  },
  {
    name: 'a session of long polling',
    run: async ({ port, random, token }) => {
      const opened = await rawExchange(port, [`GET ${POLLING} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`]);
      const sid = /"sid":"([^"]+)"/.exec(opened)?.[1] ?? '__proto__';
      const exchanges: Promise<string>[] = [];
      const packets = () => Array.from({ length: random.integer(1, 6) }, () => packet(random, token)).join('\x1e');
      const bodies = [random.chance(0.7) ? `40{"token":"${token}"}` : packets(), ...Array.from({ length: 3 }, packets)];
      for (const text of bodies) {
        const body = Buffer.from(text);
        const named = random.pick([sid, sid, sid, '__proto__', 'constructor', `${sid}&sid=x`, `${sid}%00`, '']);
        const type = random.pick(['text/plain', 'application/octet-stream', 'x']);
        const head = `POST ${POLLING}&sid=${named} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
        exchanges.push(rawExchange(port, [head, body]));
        if (random.chance(0.6)) {
          exchanges.push(rawExchange(port, [`GET ${POLLING}&sid=${sid} HTTP/1.1\r\nHost: a\r\n\r\n`]));
        }
        if (random.chance(0.5)) await sleep(20);
      }
      return (await Promise.all(exchanges)).join('\n');
    },
  },
];
