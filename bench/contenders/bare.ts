import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { DialectName } from '../load/dialect.js';
import { ticketName } from '../load/commands.js';
import { freePort, untilListening } from '../../test/harness/processes/ports.js';
import { BenchProcess } from '../support/process.js';
import type { Contender, ContenderKind, Posting } from './contender.js';
import { eventData, eventId } from './event-data.js';

/** A bare library, in a process of its own. */
export class Bare implements ContenderKind {
  constructor(
    readonly name: string,
    private readonly file: string,
    private readonly dialect: DialectName,
    private readonly path: string,
  ) {}

  absent(): null {
    return null;
  }

  async start(): Promise<Contender> {
    const port = await freePort();
    const publishPort = await freePort();
    const env = { PORT: String(port), PUBLISH_PORT: String(publishPort) };
    const server = BenchProcess.node(`bench/servers/${this.file}.js`, env);
    await untilListening(port, this.name);
    await untilListening(publishPort, this.name);
    const lines = connect({ port: publishPort, host: '127.0.0.1', noDelay: true });
    await once(lines, 'connect');
    return {
      name: this.name,
      server,
      endpoint: { dialect: this.dialect, port, path: this.path, subscribes: false },
      publish: async (postings) => write(lines, postings),
      stop: async () => {
        lines.destroy();
        await server.stop();
      },
    };
  }
}

function write(lines: Socket, postings: readonly Posting[]): void {
  const texts = postings.map((posting) => {
    return `${ticketName(posting.ticket)}\t${eventId(posting.number)}\t${eventData(posting)}\n`;
  });
  lines.write(texts.join(''));
}
