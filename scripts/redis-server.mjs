import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from './port.mjs';
import { programEnvironment } from './machine-program.mjs';
import { redisBinary } from './redis-binary.mjs';

const HOST = '127.0.0.1';

/** How to run a private Redis: on a free loopback port, with its files in `folder` only. */
export async function privateRedis({ folder, appendOnly = false }) {
  const { path, libraries } = await redisBinary();
  const port = await freePort(HOST);
  const settings = {
    port,
    bind: HOST,
    dir: folder,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    'stream-node-max-bytes': 1024,
  };
  return {
    url: `redis://${HOST}:${port}`,
    command: path,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    env: programEnvironment(libraries),
    ready: () => answersPing(port),
  };
}

async function answersPing(port) {
  const socket = connect(port, HOST).setTimeout(1000, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    return String(answer).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
