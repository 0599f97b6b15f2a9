import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { exchange, type ExchangeOptions } from './exchange.js';
import { freePort } from './free-port.js';
import { until } from './until.js';

export const ROOT = join(__dirname, '../..');

export type Settings = Readonly<Record<string, string>>;

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

const READY_MS = 30_000;
/** Longest orderly end: DRAIN_MS of the tests plus what closing takes. */
const STOP_MS = 15_000;
const TAIL_LINES = 40;

/** What a jest worker that ends early would otherwise leave behind. */
const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** One of the three programs as an operator runs it: the built file, a plain environment, its own port. */
export class Program {
  stdout = '';
  stderr = '';
  private child: ChildProcess | null = null;
  private ending: Promise<Ending> = Promise.resolve(0);

  constructor(
    readonly app: 'gateway' | 'worker' | 'simulator',
    readonly name: string,
    private readonly settings: Settings,
    readonly port: number,
  ) {}

  static async create(app: Program['app'], name: string, settings: Settings): Promise<Program> {
    return new Program(app, name, settings, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | null {
    return this.isRunning ? (this.child?.pid ?? null) : null;
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the process; resolves once it is ready. */
  async start(): Promise<void> {
    this.launch();
    let ended: Ending | null = null;
    void this.ending.then((ending) => (ended = ending));
    await until(
      async () => ended !== null || (await this.isReady()),
      READY_MS,
      () => `${this.name} to be ready\n${this.tail()}`,
    );
    if (ended !== null) throw new Error(`${this.name} ended with ${String(ended)} before it was ready\n${this.tail()}`);
  }

  /** Starts the process, whatever becomes of it. */
  launch(): void {
    // Nothing of the environment that jest runs in: NODE_ENV=test is no setting of an operator's.
    const env = { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', PORT: String(this.port), ...this.settings };
    const child = spawn(process.execPath, startArguments(this.app), {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child = child;
    this.ending = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        living.delete(child);
        resolve(code ?? signal ?? 'SIGKILL');
      });
    });
  }

  /** How it ends, if it does within that time. */
  async ended(timeoutMs = STOP_MS): Promise<Ending> {
    let ending: Ending | null = null;
    void this.ending.then((how) => (ending = how));
    await until(
      () => ending !== null,
      timeoutMs,
      () => `${this.name} to end\n${this.tail()}`,
    );
    return this.ending;
  }

  /** As a crash ends it. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.ended();
  }

  /** As an operator ends it. */
  async stop(): Promise<Ending> {
    this.child?.kill('SIGTERM');
    return this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async isReady(): Promise<boolean> {
    try {
      return (await exchange(`${this.url}/health/ready`, { timeoutMs: 2000 })).status === 200;
    } catch {
      return false;
    }
  }

  /** The samples of one metric, labels and all, as `name{labels}` to value. */
  async metrics(name: string, options: Pick<ExchangeOptions, 'timeoutMs'> = {}): Promise<ReadonlyMap<string, number>> {
    const { text } = await exchange(`${this.url}/metrics`, options);
    const samples = text.split('\n').filter((line) => line.startsWith(name) && /[ {]/.test(line.charAt(name.length)));
    return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  }

  tail(): string {
    const last = (text: string) => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    return `--- ${this.name} stdout\n${last(this.stdout)}\n--- ${this.name} stderr\n${last(this.stderr)}`;
  }
}

/** What the program's start script gives to `node`. */
function startArguments(app: Program['app']): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Settings };
  return (scripts[`start:${app}`] ?? '').split(' ').slice(1);
}
