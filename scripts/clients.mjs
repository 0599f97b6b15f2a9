import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepared, RUNTIMES } from './client-runtimes.mjs';
import { dist } from './dist.mjs';
import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root } from './repository.mjs';

/**
 * `npm run test:clients`: real clients in other languages than JavaScript against a real deployment, and the recipes of
 * docs/recipes. What follows `--` may be
 * languages instead of all of them, and `--require python,java`.
 *
 * A language whose tools are not on this machine is told; it is a failure only if `--require` names it.
 */
const LANGUAGES = Object.keys(RUNTIMES);
/** Longest time from the end of a connection to the next `ready`, ms. */
const RESUME_MS = 3000;

const verdicts = [];
endOnInterruption();
try {
  const { languages, required } = wanted();
  await install();
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  Object.assign(process.env, redisSettings(await redisBinary()));
  for (const language of languages) await tryOut(language, required.includes(language));
} catch (error) {
  console.error(error.message);
  say(false, 'FAILED   before the last client');
}
console.log(`\n${verdicts.map(({ line }) => line).join('\n')}`);
process.exit(verdicts.every(({ ok }) => ok) ? 0 : 1);

/** @throws Error where an argument is none of the languages */
function wanted() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { require: { type: 'string', default: '' } },
  });
  const required = values.require.split(',').filter(Boolean);
  const unknown = [...positionals, ...required].filter((name) => !LANGUAGES.includes(name));
  if (unknown.length > 0) throw new Error(`there are clients in ${LANGUAGES.join(', ')}, not in ${unknown.join(', ')}`);
  return { languages: positionals.length > 0 ? positionals : LANGUAGES, required };
}

async function tryOut(language, isRequired) {
  console.log(`\nclients in ${language}`);
  try {
    const { commands, missing } = await prepared(language);
    if (missing) {
      say(!isRequired, `MISSING  ${language} is NOT TESTED: ${missing} is not there`);
      return;
    }
    if (commands.clients) await tryClients(language, commands.clients);
    if (commands.recipes) await tryRecipes(language, commands.recipes);
    if (commands.sdk) await trySdk(language, commands);
  } catch (error) {
    console.error(error.message);
    say(false, `FAILED   ${language}: ${error.message.split('\n')[0]}`);
  }
}

async function tryClients(language, command) {
  const { Deployment } = await import(join(dist, 'test/harness/processes/deployment.js'));
  const { restartTrial } = await import(join(dist, 'test/world/restart-trial.js'));
  const deployment = new Deployment({ gateways: 2 });
  try {
    await deployment.start();
    const { clients, unordered } = RUNTIMES[language];
    const trial = { ...command, clients, unordered, resumeMs: RESUME_MS };
    for (const verdict of await restartTrial(deployment, trial)) {
      const { client, faults, resumedMs } = verdict;
      const times = Object.entries(resumedMs).map(([signal, ms]) => `${signal} ${(ms / 1000).toFixed(1)} s`);
      const what = `${language}: ${client} (back after ${times.join(', ')})`;
      say(faults.length === 0, faults.length === 0 ? `ok       ${what}` : `FAILED   ${what}: ${faults.join('; ')}`);
    }
  } finally {
    await deployment.dispose();
  }
}

async function tryRecipes(language, recipes) {
  const { Deployment } = await import(join(dist, 'test/harness/processes/deployment.js'));
  const { recipeTrial, RECIPE_HISTORY } = await import(join(dist, 'test/world/recipe-trial.js'));
  const deployment = new Deployment({ settings: { HISTORY_MAX_EVENTS: String(RECIPE_HISTORY) } });
  try {
    await deployment.start();
    for (const [name, fault] of Object.entries(await recipeTrial(deployment, recipes))) {
      const what = `${language}: docs/recipes/${name}: connects, renews its token, comes back, tells a gap`;
      say(fault === null, fault === null ? `ok       ${what}` : `FAILED   ${what}: ${fault}`);
    }
  } finally {
    await deployment.dispose();
  }
}

async function trySdk(language, { sdk, polls }) {
  const { sdkTrial } = await import(join(dist, 'test/world/sdk-trial.js'));
  const faults = await sdkTrial(sdk, polls);
  const more = polls ? '; a conversation by both ways, and the cost of 200 clients' : '';
  const what = `${language}: official SDK of the upstream, signed requests to the simulator and to a gateway${more}`;
  say(faults.length === 0, faults.length === 0 ? `ok       ${what}` : `FAILED   ${what}: ${faults.join('; ')}`);
}

function say(ok, line) {
  console.log(line);
  verdicts.push({ ok, line });
}
