import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { exchange, type ExchangeOptions } from '../clients/exchange.js';
import { until } from '../until.js';
import { OwnedProcess, type Ending } from './owned-process.js';
import { freePort } from './ports.js';
import { ROOT } from './repository.js';

export type Settings = Readonly<Record<string, string>>;

/** Longest start of a program, ms. */
const READY_MS = 30_000;
/** Longest orderly end, ms: the DRAIN_MS of the tests, and what closing takes. */
const STOP_MS = 15_000;
const TAIL_LINES = 40;

/** One of the three programs as an operator runs it: the built file, a plain environment, a port of its own. */
export class Program {
  /** One process for each start, the latest last. */
  private readonly runs: OwnedProcess[] = [];
  /** The folder of its package.json and its build. */
  private root = ROOT;

  constructor(
    readonly app: 'gateway' | 'worker' | 'simulator',
    readonly name: string,
    private readonly settings: Settings,
    readonly port: number,
  ) {}

  static async create(app: Program['app'], name: string, settings: Settings): Promise<Program> {
    return new Program(app, name, settings, await freePort());
  }

  /** From its next start on it is the program of another release. @param root the folder of package.json and dist/ */
  runFrom(root: string): void {
    this.root = root;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | null {
    return this.isRunning ? (this.latest?.pid ?? null) : null;
  }

  get isRunning(): boolean {
    return this.latest?.isRunning ?? false;
  }

  /** What all of its runs wrote. */
  get stdout(): string {
    return this.runs.map(({ stdout }) => stdout).join('');
  }

  get stderr(): string {
    return this.runs.map(({ stderr }) => stderr).join('');
  }

  /** Starts the process and resolves once it is ready. @throws Error if it ends before, or is not ready within 30 s */
  async start(): Promise<void> {
    this.launch();
    await until(
      async () => !this.isRunning || (await this.isReady()),
      READY_MS,
      () => `${this.name} to be ready\n${this.tail()}`,
    );
    if (this.isRunning) return;
    throw new Error(`${this.name} ended with ${await this.ended()} before it was ready\n${this.tail()}`);
  }

  /** Starts the process and waits for nothing. */
  launch(): void {
    // Nothing of the environment of jest: an operator does not set NODE_ENV=test.
    const env = { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', PORT: String(this.port), ...this.settings };
    this.runs.push(new OwnedProcess(process.execPath, startArguments(this.app, this.root), { env, cwd: this.root }));
  }

  /** How it ended. @throws Error if it does not end within that time */
  async ended(timeoutMs = STOP_MS): Promise<Ending> {
    let ending: Ending | null = null;
    void this.latest?.ending.then((how) => (ending = how));
    await until(
      () => ending !== null || this.runs.length === 0,
      timeoutMs,
      () => `${this.name} to end\n${this.tail()}`,
    );
    return ending ?? 0;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Ends it as an operator does. @throws Error if it does not end within 15 s */
  async stop(): Promise<Ending> {
    this.signal('SIGTERM');
    return this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    this.latest?.signal(signal);
  }

  async isReady(): Promise<boolean> {
    try {
      return (await exchange(`${this.url}/health/ready`, { timeoutMs: 2000 })).status === 200;
    } catch {
      return false;
    }
  }

  /** The samples of one metric, as `name{labels}` to value. */
  async metrics(name: string, options: Pick<ExchangeOptions, 'timeoutMs'> = {}): Promise<ReadonlyMap<string, number>> {
    const { text } = await exchange(`${this.url}/metrics`, options);
    const samples = text.split('\n').filter((line) => line.startsWith(name) && /[ {]/.test(line.charAt(name.length)));
    return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  }

  /** The last lines that it wrote. */
  tail(): string {
    const last = (text: string) => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    return `--- ${this.name} stdout\n${last(this.stdout)}\n--- ${this.name} stderr\n${last(this.stderr)}`;
  }

  private get latest(): OwnedProcess | undefined {
    return this.runs.at(-1);
  }
}

/** The arguments that the program's start script passes to `node`. */
function startArguments(app: Program['app'], root: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Settings };
  return (scripts[`start:${app}`] ?? '').split(' ').slice(1);
}
