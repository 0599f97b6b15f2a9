import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { CONFIDENTIAL } from '../harness/log-faults.js';
import type { Deployment } from '../harness/processes/deployment.js';
import { alive, descendantsOf } from '../harness/processes/descendants.js';
import { OwnedProcess } from '../harness/processes/owned-process.js';
import { until } from '../harness/until.js';
import { freshTickets } from '../harness/upstream/traffic.js';
import type { Command } from './client-program.js';

/** What history keeps in the deployment of a trial (`HISTORY_MAX_EVENTS`). */
export const RECIPE_HISTORY = 20;
/** Messages while a program is away. */
const MISSED = 2 * RECIPE_HISTORY;
/** Life of the first token, s, and how often it is renewed until the program is there, ms: a virtual machine may start slowly. */
const FIRST_TOKEN_S = 12;
const RENEWAL_MS = 6000;
/** Longest wait for anything, ms. The machine may be busy with other things. */
const WITHIN_MS = 60_000;
/** Characters of its output that are kept. */
const KEPT = 200_000;
const LINE = /^([a-z]+) (\{.*\})$/;

/** A program of docs/recipes: it follows a ticket, and prints each event as its name and its JSON. */
class RecipeProgram {
  readonly caseId = freshTickets(1, 'recipe')[0] ?? '';
  private readonly folder = mkdtempSync(join(tmpdir(), 'pollcast-recipe-'));
  private process: OwnedProcess | null = null;

  constructor(
    private readonly command: Command,
    private readonly url: string,
  ) {}

  async renew(expiresInS: number): Promise<void> {
    writeFileSync(join(this.folder, 'token'), `${await tokenFor({ expiresInS })}\n`);
  }

  start(): void {
    const { command, args, env = {}, cwd } = this.command;
    const { PATH = '', HOME = '' } = process.env;
    const files = {
      POLLCAST_TOKEN_FILE: join(this.folder, 'token'),
      POLLCAST_POSITION_FILE: join(this.folder, 'position'),
    };
    this.process = new OwnedProcess(command, [...args, this.url, this.caseId], {
      env: { PATH, HOME, ...env, ...files },
      keep: KEPT,
      ...(cwd !== undefined && { cwd }),
    });
  }

  /** What the present process has printed, by the name of the event. */
  of(name: string): Record<string, unknown>[] {
    const lines = (this.process?.stdout ?? '').split('\n').map((line) => LINE.exec(line));
    return lines.flatMap((line) => (line?.[1] === name ? [JSON.parse(line[2] ?? '') as Record<string, unknown>] : []));
  }

  get contents(): unknown[] {
    return this.of('message').map(({ message }) => (message as { content: unknown }).content);
  }

  async sees(holds: () => boolean, what: string): Promise<void> {
    const said = () => `${this.process?.stdout ?? ''}\n${this.process?.stderr ?? ''}`.slice(-2000);
    await until(
      () => holds() || this.process?.isRunning === false,
      WITHIN_MS,
      () => `${what}; it said:\n${said()}`,
    );
    if (!holds()) throw new Error(`it ended before ${what}:\n${said()}`);
  }

  /** With the processes that it started: a shell has some. */
  async kill(): Promise<void> {
    if (!this.process) return;
    const started = descendantsOf(this.process.pid);
    await this.process.kill();
    alive(started).forEach((pid) => process.kill(pid, 'SIGKILL'));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Runs recipes beside each other against a deployment: each connects, goes on with a renewed token when the first one ends, goes on
 * when its gateway was killed, and says `gap` when it is started anew after longer than history keeps.
 *
 * @param deployment one gateway that runs, with {@link RECIPE_HISTORY}
 * @returns for each name what went wrong, null if nothing did
 */
export async function recipeTrial(
  deployment: Deployment,
  recipes: Readonly<Record<string, Command>>,
): Promise<Readonly<Record<string, string | null>>> {
  const programs = Object.entries(recipes).map(
    ([name, command]) => [name, new RecipeProgram(command, deployment.gateway().url)] as const,
  );
  const faults = new Map<string, string | null>(programs.map(([name]) => [name, null]));
  const each = async (work: (program: RecipeProgram) => Promise<void>) => {
    const well = programs.filter(([name]) => faults.get(name) === null);
    const done = well.map(([name, program]) =>
      work(program).catch((error: unknown) => faults.set(name, String(error).replaceAll(CONFIDENTIAL, '…'))),
    );
    await Promise.all(done);
  };
  const say = ({ caseId }: RecipeProgram, content: string, count = 1) =>
    deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${content}`, count });
  const keeper = clientOf('sse', { token: await tokenFor(), caseIds: programs.map(([, { caseId }]) => caseId) });
  try {
    await each(async (program) => {
      await say(program, 'history');
      await connectsAndRenews(program);
      await say(program, 'after the renewal');
      await program.sees(() => program.contents.length >= 2, 'the message after the renewal');
    });
    await deployment.gateway().kill();
    await each((program) => say(program, 'while the gateway was away'));
    await deployment.gateway().start();
    await each(async (program) => {
      await program.sees(() => program.contents.length >= 3, 'the message from while the gateway was away');
      const said = ['history', 'after the renewal', 'while the gateway was away'].map(
        (what) => `${CONFIDENTIAL} ${what}`,
      );
      assertEqual(program.contents, said);
      assertEqual(program.of('gap'), []);
      await program.kill();
    });
    await keeper.open(deployment.gateway().url);
    await each((program) => say(program, '{n}', MISSED));
    const isThere = ([, { caseId }]: (typeof programs)[number]) =>
      keeper.recording.messages.filter(({ data }) => data.case_id === caseId).length >= 3 + MISSED;
    await until(() => programs.every(isThere), WITHIN_MS, 'more than history keeps');
    // In its memory a gateway may have more than history keeps.
    await deployment.gateway().kill();
    await deployment.gateway().start();
    await each(async (program) => {
      program.start();
      await program.sees(() => program.contents.length >= RECIPE_HISTORY, 'what history keeps');
      assertEqual(
        program.of('gap').map(({ reason, case_ids: ids }) => [reason, ids]),
        [['history_truncated', [program.caseId]]],
      );
    });
  } finally {
    keeper.close();
    await Promise.all(programs.map(([, program]) => program.kill()));
    programs.forEach(([, program]) => program.dispose());
  }
  return Object.fromEntries(faults);
}

async function connectsAndRenews(program: RecipeProgram): Promise<void> {
  await program.renew(FIRST_TOKEN_S);
  // A program that starts slowly is not to begin with a token that has ended.
  const renewing = setInterval(() => void program.renew(FIRST_TOKEN_S), RENEWAL_MS);
  try {
    program.start();
    await program.sees(() => program.of('ready').length > 0, 'ready');
  } finally {
    clearInterval(renewing);
  }
  await program.renew(600);
  const expired = () => program.of('closing').some(({ reason }) => reason === 'token_expired');
  await program.sees(expired, 'the end of its token');
  await program.sees(() => program.of('ready').length > 1, 'ready with the renewed token');
}

function assertEqual(seen: unknown, expected: unknown): void {
  const [is, shall] = [seen, expected].map((value) => JSON.stringify(value));
  if (is !== shall) throw new Error(`it has ${is}, not ${shall}`);
}
