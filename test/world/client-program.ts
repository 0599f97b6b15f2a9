import { Recording } from '../harness/clients/recording.js';
import type { EventName } from '../harness/clients/wire.js';
import { OwnedProcess } from '../harness/processes/owned-process.js';

/** A command line. The program that it starts gets the arguments `URL TOKEN BAD_TOKEN CASE_ID…` besides. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What one client of a program has said. */
export class RealClient {
  readonly recording = new Recording();
  /** How its library said that the bad token was refused: a status, or a code of PROTOCOL.md. Null before. */
  refusal: string | null = null;
  /** Faults that the program found, in its own words. */
  readonly faults: string[] = [];

  constructor(readonly name: string) {}

  /** The first `ready` since that time, ms since 1970; undefined before. */
  readyAfter(instant: number): number | undefined {
    return this.recording.of('ready').find(({ at }) => at > instant)?.at;
  }
}

interface Line {
  readonly client: string;
  readonly event: EventName | 'refused' | 'served' | 'error';
  readonly data: unknown;
}

/** Characters of its output that are kept for error texts. */
const KEPT = 4000;

/**
 * A program of test/world/clients: real clients of one language, each of which connects, subscribes and resumes for ever,
 * and is refused once with a bad token. It prints lines of JSON, `{ "client": name, "event": name, "data": … }`:
 *
 * - an event of PROTOCOL.md with its data, as the client got it; on Socket.IO `ready` is the acknowledgement;
 * - `refused`: what the library says of the bad token, as a text; `served`: the bad token was accepted;
 * - `error`: the good token was refused, or the library failed.
 */
export class ClientProgram {
  private readonly clients = new Map<string, RealClient>();
  private readonly process: OwnedProcess;
  private rest = '';

  constructor({ command, args, env = {}, cwd }: Command, more: readonly string[]) {
    const { PATH = '', HOME = '' } = process.env;
    this.process = new OwnedProcess(command, [...args, ...more], {
      env: { PATH, HOME, ...env },
      keep: KEPT,
      ...(cwd !== undefined && { cwd }),
    });
    this.process.child.stdout?.on('data', (text: string) => this.read(text));
  }

  client(name: string): RealClient {
    const known = this.clients.get(name) ?? new RealClient(name);
    this.clients.set(name, known);
    return known;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** The end of what it wrote. */
  get tail(): string {
    return `${this.process.stdout}\n${this.process.stderr}`.trim();
  }

  async kill(): Promise<void> {
    await this.process.kill();
  }

  private read(text: string): void {
    const lines = `${this.rest}${text}`.split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) this.hear(JSON.parse(line) as Line);
  }

  private hear({ client: name, event, data }: Line): void {
    const client = this.client(name);
    if (event === 'refused') client.refusal ??= String(data);
    else if (event === 'served') client.faults.push(`was served ${String(data)}`);
    else if (event === 'error') client.faults.push(`said ${String(data)}`);
    else {
      const id = (data as { id?: string }).id ?? null;
      client.recording.add({ event, data: data as never, id, raw: '', at: Date.now() });
    }
  }
}
