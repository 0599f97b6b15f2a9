import { createServer, type Socket } from 'node:net';

/** One publication as the bare servers get it: a line on a TCP connection, the cheapest way. */
export interface Line {
  readonly ticket: string;
  readonly id: string;
  /** The event's data as JSON text, byte for byte what Pollcast sends. */
  readonly data: string;
}

/** Listens for publications on `PUBLISH_PORT`. */
export function listenForLines(publish: (line: Line) => void): void {
  createServer((socket: Socket) => {
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [ticket = '', id = '', data = ''] = line.split('\t');
        publish({ ticket, id, data });
      }
    });
  }).listen(Number(process.env['PUBLISH_PORT']), '127.0.0.1');
}

/** The connections of each ticket. */
export class Audience<Member> {
  private readonly members = new Map<string, Set<Member>>();

  of(ticket: string): ReadonlySet<Member> {
    return this.members.get(ticket) ?? new Set();
  }

  join(ticket: string, member: Member): void {
    const members = this.members.get(ticket) ?? new Set();
    this.members.set(ticket, members.add(member));
  }

  leave(ticket: string, member: Member): void {
    this.members.get(ticket)?.delete(member);
  }
}

/** The ticket that a request names: `/?ticket=CASE-1`. */
export function ticketOf(url: string | undefined): string {
  return url?.slice(url.indexOf('=') + 1) ?? '';
}
