import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { tokenFor } from '../../test/harness/clients/tokens.js';
import { GROUPS, HostileConnection } from './connections.js';

/** Connections of one subject, as many as a gateway allows. */
const PER_SUBJECT = 20;
/** Connections that begin at once. */
const STEP = 50;

/**
 * The hostile clients, in a process of their own. It has the lowest priority, because in reality they have machines of their
 * own. It opens its connections, says `open`, and on `report` says how many are open.
 */
async function main(): Promise<void> {
  setPriority(19);
  const { HOSTILE_PORT, HOSTILE_CLIENTS, HOSTILE_ONLY } = process.env;
  const names = Object.keys(GROUPS).filter((name) => name.includes(HOSTILE_ONLY ?? ''));
  const connections = new Map<string, HostileConnection[]>(names.map((name) => [name, []]));
  for (let number = 0; number < Number(HOSTILE_CLIENTS); number += 1) {
    const name = names[number % names.length] ?? '';
    const group = connections.get(name) ?? [];
    const kinds = GROUPS[name] ?? [];
    const behave = kinds[group.length % kinds.length];
    if (behave === undefined) throw new Error(`there is no group ${HOSTILE_ONLY}`);
    const token = await tokenFor({
      sub: `hostile-${Math.floor(group.length / PER_SUBJECT)}`,
      cases: ['hostile-*'],
      hints: true,
    });
    const connection = new HostileConnection(Number(HOSTILE_PORT), behave, token);
    group.push(connection);
    connection.open();
    if (number % STEP === 0) await sleep(20);
  }
  process.send?.({ type: 'open' });
  process.on('message', () => {
    const counts = [...connections].map(([name, group]) => [
      name,
      { open: group.filter(({ isOpen }) => isOpen).length, opened: group.reduce((sum, { opened }) => sum + opened, 0) },
    ]);
    process.send?.({ type: 'counts', counts: Object.fromEntries(counts) as object });
  });
}

void main();
