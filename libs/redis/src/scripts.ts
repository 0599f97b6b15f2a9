import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RedisClient } from './connection.js';
import type { ScriptArguments, ScriptName } from './script-arguments.js';
import { scriptConstants, type ScriptConstants, type ScriptSettings } from './script-constants.js';

/** The first call names the keys, the second one does the work. More are needed where a feed changes in between. */
const DISCOVERY_CALLS = 10;

type Scripted = Record<string, (...args: (string | number)[]) => Promise<unknown>>;

/**
 * Scripts of lua/, callable on a connection. They are sent once and called by their hash from then on. A call sends the
 * keys, and all arguments by name as one JSON text; whatever is the same in every call is a constant of the script.
 */
export class Scripts<Name extends ScriptName> {
  private readonly client: Scripted;

  /**
   * @param names the scripts that this user of the connection calls
   * @param settings those that the scripts need
   * @throws if a script needs a setting that is not given
   */
  constructor(client: RedisClient, names: readonly Name[], settings: ScriptSettings) {
    const constants = scriptConstants(client, settings);
    for (const name of names) {
      client.defineCommand(`pollcast_${name}`, { lua: loadScript(name, constants) });
    }
    this.client = client as unknown as Scripted;
  }

  /**
   * @param keys every key that the script touches
   * @throws what Redis answers, or a timeout
   */
  run<N extends Name>(name: N, keys: readonly string[], args: ScriptArguments[N]): Promise<unknown> {
    const script = this.client[`pollcast_${name}`];
    if (script === undefined) {
      throw new Error(`the script ${name} was not loaded on this connection`);
    }
    return script.call(this.client, keys.length, ...keys, JSON.stringify(args));
  }

  /**
   * Runs a script that finds out which keys it needs (lua/_keys.lua): again with those that it names, until it names none.
   *
   * @param keys those that it needs in any case
   * @throws what {@link run} throws, and where the feed changes so quickly that the script names others each time
   */
  async discover<N extends Name>(
    name: N,
    keys: readonly string[],
    args: ScriptArguments[N],
  ): Promise<readonly (string | number)[]> {
    const declared = new Set(keys);
    for (let call = 0; call < DISCOVERY_CALLS; call += 1) {
      const [kind, ...rest] = (await this.run(name, [...declared], args)) as (string | number)[];
      if (kind !== 'undeclared') {
        return kind === undefined ? [] : [kind, ...rest];
      }
      rest.forEach((key) => declared.add(String(key)));
    }
    throw new Error(`the script ${name} needed other keys in each of ${DISCOVERY_CALLS} calls`);
  }
}

/**
 * The text of a script: its constants (`-- @constant NAME, NAME`), then its parts (`-- @include name`) in the order in
 * which they need each other, each once, then itself.
 *
 * @throws if a constant has no value
 */
export function loadScript(name: ScriptName, constants: ScriptConstants): string {
  const needed = new Set<string>();
  const texts: string[] = [];
  const included = new Set<string>();
  const include = (part: string): void => {
    if (included.has(part)) {
      return;
    }
    included.add(part);
    const source = readFileSync(join(__dirname, 'lua', `${part}.lua`), 'utf8');
    for (const [, other = ''] of source.matchAll(/^-- @include ([\w-]+)$/gm)) {
      include(other);
    }
    for (const [, names = ''] of source.matchAll(/^-- @constant (.+)$/gm)) {
      names.split(', ').forEach((constant) => needed.add(constant));
    }
    texts.push(source);
  };
  include(name);
  const values = [...needed].map((constant) => {
    const value = constants[constant];
    if (value === undefined) {
      throw new Error(`${name}.lua needs ${constant}, which this process does not give its scripts`);
    }
    return `local ${constant} = ${typeof value === 'number' ? value : `'${value}'`}`;
  });
  return [...values, ...texts].join('\n');
}
