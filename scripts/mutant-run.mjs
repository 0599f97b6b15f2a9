import { mutants } from '../test/mutants/index.mjs';
import { faultOf, MutantCopy } from './mutant-copy.mjs';
import { cache } from './repository.mjs';

/** Copies in which mistakes are made at the same time. */
const AT_ONCE = 2;

/**
 * Makes planted mistakes, and returns `{ killed, others }`. `others` survived, could not be run, or have lost their
 * text.
 * `sample` is the number of rows to draw, null for all. With null, the named tests first run once without any mistake,
 * because a test that always fails would kill everything. With a sample, the unit project has just passed.
 */
export async function testMutants({ sample = null, env }) {
  const faults = mutants.map((mutant) => faultOf(mutant, mutants));
  const rows = chosen(
    mutants.filter((_, at) => faults[at] === null),
    sample,
  );
  const others = faults.filter((fault) => fault !== null);
  for (const fault of others) console.log(`stale     ${fault}`);
  const copies = Array.from({ length: AT_ONCE }, (_, at) => new MutantCopy(cache('mutants', String(at)), env));
  copies.forEach((copy) => copy.refresh());
  if (sample === null) await requireHealthy(copies[0], rows);
  const waiting = [...rows];
  let killed = 0;
  const work = async (copy) => {
    for (let row = waiting.shift(); row; row = waiting.shift()) {
      const { outcome, seconds, said } = await copy.test(row);
      console.log(`${outcome.padEnd(9)} ${row.id} (${seconds} s)`);
      if (outcome === 'killed') {
        killed += 1;
      } else {
        console.log(`${row.file}: ${row.put}\n${said}`);
        others.push(row.id);
      }
    }
  };
  await Promise.all(copies.map(work));
  return { killed, others: others.length };
}

function chosen(rows, sample) {
  const only = process.env.MUTANTS_ONLY ?? '';
  const wanted = rows.filter(({ id, file }) => id.includes(only) || file.includes(only));
  if (sample === null) return wanted;
  const seed = Number(process.env.MUTANTS_SEED ?? Math.floor(Math.random() * 1_000_000));
  console.log(`${Math.min(sample, wanted.length)} of ${mutants.length} mistakes, seed ${seed}`);
  return drawn(wanted, sample, seed);
}

async function requireHealthy(copy, rows) {
  const files = [...new Set(rows.map(({ killedBy }) => killedBy.file))];
  const { ok, output, late } = await copy.jest(files);
  const fault = late ? 'do not end' : 'fail';
  if (!ok) throw new Error(`${output}\nFAILED  the named tests ${fault} without any mistake`);
}

function drawn(rows, count, seed) {
  const random = numbersFrom(seed);
  const left = [...rows];
  const picked = [];
  while (picked.length < count && left.length > 0) {
    picked.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return picked;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function numbersFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
