import { ticketName } from '../load/commands.js';
import { JWT_SECRET, tokenFor } from '../../test/harness/clients/tokens.js';
import { absentBinary } from './absent-binary.js';
import type { Contender, ContenderKind, Posting } from './contender.js';
import { eventData, eventId } from './event-data.js';
import { startPeer } from './peer.js';
import { posted } from './posted.js';

/** The binary of Mercure's hub, which is a Caddy. */
const { MERCURE } = process.env;
const PATH = '/.well-known/mercure';

/** Mercure. Each ticket is a topic, and a token names it; messages are published over HTTP, one by one. */
export class Mercure implements ContenderKind {
  readonly name = 'Mercure SSE';

  absent(): string | null {
    return absentBinary('MERCURE', MERCURE);
  }

  async start(): Promise<Contender> {
    const { port, server, agent, stop } = await startPeer({
      name: this.name,
      binary: MERCURE ?? '',
      fileName: 'Caddyfile',
      settings: configuration,
      args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    });
    const token = await tokenFor({ mercure: { publish: ['*'] }, expiresInS: 7200 });
    const publish = async (posting: Posting) => {
      const form = { topic: ticketName(posting.ticket), id: eventId(posting.number), type: 'message', private: 'on' };
      const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${token}` };
      const body = new URLSearchParams({ ...form, data: eventData(posting) }).toString();
      await posted(agent, { port, path: PATH, headers, body });
    };
    return {
      name: this.name,
      server,
      endpoint: {
        dialect: 'sse',
        port,
        path: `${PATH}?topic={ticket}`,
        subscribes: false,
        tokens: { reader: 'mercure' },
      },
      publish: async (postings) => {
        for (const posting of postings) await publish(posting);
      },
      stop,
    };
  }
}

function configuration(port: number): string {
  return `{
  admin off
  auto_https off
  log { level ERROR }
}
http://127.0.0.1:${port} {
  mercure {
    transport local
    publisher_jwt ${JWT_SECRET}
    subscriber_jwt ${JWT_SECRET}
    write_timeout 0s
  }
}
`;
}
