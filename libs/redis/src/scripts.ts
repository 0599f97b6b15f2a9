import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { REST_MIN_MS, UNSETTLED_MS } from '#core';

import type { RedisClient } from './connection.js';

/** The scripts of lua/; each file's header tells its arguments and its answer. Most take one key, for the route. */
export const SCRIPTS = [
  'begin',
  'release',
  'commit',
  'fail',
  'suspect',
  'want',
  'hint',
  'sweep',
  'history',
  'quota',
] as const;
export type ScriptName = (typeof SCRIPTS)[number];

export type ScriptArgument = string | number;

/** What scripts and core must agree on. */
const CONSTANTS: Readonly<Record<string, number>> = { REST_MIN_MS, UNSETTLED_MS };

type Scripted = Record<`pollcast_${ScriptName}`, (...args: ScriptArgument[]) => Promise<unknown>>;

/** Makes the scripts callable on a connection; they are sent once and called by their hash from then on. */
export class Scripts {
  private readonly client: Scripted;

  constructor(client: RedisClient) {
    for (const name of SCRIPTS) {
      client.defineCommand(`pollcast_${name}`, { lua: load(name) });
    }
    this.client = client as unknown as Scripted;
  }

  /** @throws what Redis answers, or a timeout */
  run(name: ScriptName, keys: string | readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    const all = typeof keys === 'string' ? [keys] : keys;
    return this.client[`pollcast_${name}`](all.length, ...all, ...args);
  }
}

/** A script with its `-- @include` and `-- @constant` lines replaced by what they name. */
function load(name: string): string {
  const source = readFileSync(join(__dirname, 'lua', `${name}.lua`), 'utf8');
  return source
    .replace(/^-- @include (\w+)$/gm, (_, part: string) => load(part))
    .replace(/^-- @constant (\w+)$/gm, (_, constant: string) => `local ${constant} = ${CONSTANTS[constant]}`);
}
