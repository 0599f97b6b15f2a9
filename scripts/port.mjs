import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port on which no program listens at this moment. @param wanted 0: any port */
export async function freePort(host, wanted = 0) {
  const server = createServer().listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export async function nextFreePort(host, first) {
  for (let port = first; port < 65_536; port++) {
    try {
      return await freePort(host, port);
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error(`no free port from ${first} on`);
}
