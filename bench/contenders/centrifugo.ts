import { ticketName } from '../load/commands.js';
import { JWT_SECRET } from '../../test/harness/clients/tokens.js';
import { absentBinary } from './absent-binary.js';
import type { Contender, ContenderKind } from './contender.js';
import { eventData } from './event-data.js';
import { startPeer } from './peer.js';
import { posted } from './posted.js';

/** The binary of Centrifugo, version 6. */
const { CENTRIFUGO } = process.env;
const API_KEY = 'bench';

/** Centrifugo over its unidirectional SSE transport. Its tokens name the channels; messages are published over its HTTP API. */
export class Centrifugo implements ContenderKind {
  readonly name = 'Centrifugo SSE';

  absent(): string | null {
    return absentBinary('CENTRIFUGO', CENTRIFUGO);
  }

  async start(): Promise<Contender> {
    const { port, server, agent, stop } = await startPeer({
      name: this.name,
      binary: CENTRIFUGO ?? '',
      fileName: 'config.json',
      settings: (at) => JSON.stringify(configuration(at)),
      args: (file) => ['-c', file],
    });
    const headers = { 'content-type': 'application/json', 'x-api-key': API_KEY };
    return {
      name: this.name,
      server,
      endpoint: {
        dialect: 'sse',
        port,
        path: '/connection/uni_sse?cf_connect=%7B%22token%22%3A%22{token}%22%7D',
        subscribes: false,
        tokens: { reader: 'centrifugo' },
      },
      publish: async (postings) => {
        const commands = postings.map((posting) => ({
          publish: { channel: ticketName(posting.ticket), data: JSON.parse(eventData(posting)) as object },
        }));
        await posted(agent, { port, path: '/api/batch', headers, body: JSON.stringify({ commands }) });
      },
      stop,
    };
  }
}

function configuration(port: number): object {
  return {
    http_server: { address: '127.0.0.1', port },
    client: { token: { hmac_secret_key: JWT_SECRET } },
    http_api: { key: API_KEY },
    uni_sse: { enabled: true },
    log: { level: 'error' },
  };
}
