import { run } from './processes.mjs';
import { root } from './repository.mjs';

/**
 * `npm run audit`: asks the registry which of the locked packages have known vulnerabilities. Exits with 1 if a package that
 * runs in production has one of level high or critical, and with 77 if the registry does not answer the question: many
 * mirrors do not, and then nobody knows.
 */
const NOT_MADE = 77;
const GRAVE = new Set(['high', 'critical']);

const all = await audit([]);
const production = all && (await audit(['--omit=dev']));
if (all === null || production === null) process.exit(NOT_MADE);
Object.values(all).forEach(({ name, severity, range, fixAvailable }) => {
  const where = name in production ? 'in production' : 'in development only';
  console.log(
    `${severity}\t${name} ${range}\t${where}\t${fixAvailable ? 'a fixed version is there' : 'no fixed version'}`,
  );
});
const grave = Object.values(production).filter(({ severity }) => GRAVE.has(severity));
console.log(`${Object.keys(all).length} vulnerable packages, ${grave.length} of them grave and in production`);
process.exit(grave.length === 0 ? 0 : 1);

/** @returns the vulnerabilities by package; null if the registry did not answer, which is said */
async function audit(options) {
  const { output } = await run('npm', ['audit', '--json', ...options], { cwd: root, capture: true });
  const answer = jsonIn(output);
  if (answer?.vulnerabilities !== undefined) return answer.vulnerabilities;
  const reason = answer?.message ?? answer?.error?.summary ?? output.trim().split('\n').at(-1);
  console.error(`NOT AUDITED: the registry did not say which packages are vulnerable (${reason}).`);
  console.error('Run npm run audit where npm reaches a registry that answers audits.');
  return null;
}

function jsonIn(output) {
  try {
    return JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
  } catch {
    return null;
  }
}
