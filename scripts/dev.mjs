import { buildConsole, consoleSources } from './console.mjs';
import { APPS } from './demo.mjs';
import { copyAssets, sources } from './dist.mjs';
import { launch } from './processes.mjs';
import { differences, programFiles } from './program-files.mjs';
import { cache, root, tool } from './repository.mjs';
import { runDemo } from './run-demo.mjs';

/**
 * `npm run dev`: does what `npm start` does. Then it compiles each change, and restarts the programs that load the changed
 * files. It builds the console again when its sources change, and restarts the gateway, which serves it. Ports, settings, Redis and
 * the token of the printed line stay the same. While the sources do not compile, and after a program ended by itself, everything
 * else keeps running until the next change.
 */
const ASSETS_CHECK_MS = 500;
const CLEAN = /Found 0 errors\. Watching for file changes\./;
const PROGRESS = /Starting (incremental )?compilation/;

/** The files of each program when it was started. */
const started = new Map();
/** Restarts happen one after another. */
let last = Promise.resolve();

await runDemo({ logs: cache('dev'), whenReady: watch, onEnd: tellEnd });

function watch(run) {
  for (const name of APPS) started.set(name, programFiles(name));
  const options = ['-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput', '--locale', 'en'];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const compiler = launch(process.execPath, [tool('typescript/bin/tsc'), ...options], { cwd: root, stdio });
  run.deployment.guard(compiler.pid);
  compiler.once('close', () => run.fail(new Error('the compiler ended')));
  // Code with compile errors is not run.
  let isClean = false;
  let rest = '';
  compiler.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines.filter((each) => each.trim() !== '')) {
      isClean = CLEAN.test(line);
      if (isClean) startChanged(run);
      else if (!PROGRESS.test(line)) console.log(line);
    }
  });
  // The compiler watches TypeScript files only.
  setInterval(() => isClean && void copyChanged(run), ASSETS_CHECK_MS);
  watchConsole(run);
  console.log('A program starts again when its sources change.');
}

async function copyChanged(run) {
  try {
    if (await copyAssets(await sources())) startChanged(run);
  } catch (error) {
    if (error.code !== 'ENOENT') run.fail(error); // An editor is replacing the file. The next check finds it.
  }
}

/** The compiler does not know the console. It is built when its sources have not changed for one check. */
function watchConsole(run) {
  let built = consoleSources();
  let seen = built;
  setInterval(() => {
    const before = seen;
    seen = consoleSources();
    if (seen !== before || seen === built) return;
    built = seen;
    last = last.then(() => rebuildConsole(run)).catch((error) => tell(error, run));
  }, ASSETS_CHECK_MS);
}

async function rebuildConsole({ demo }) {
  if (!(await buildConsole())) return;
  console.log('the console changed: gateway starts again');
  await demo.startApp('gateway');
  console.log('gateway is ready: reload the page');
}

function startChanged(run) {
  last = last.then(async () => {
    for (const name of APPS) await startIfChanged(name, run).catch((error) => tell(error, run));
  });
}

async function startIfChanged(name, { demo }) {
  const files = programFiles(name);
  const [first, ...others] = differences(started.get(name), files);
  if (first === undefined) return;
  started.set(name, files);
  console.log(`${first}${others.length > 0 ? ` and ${others.length} more` : ''} changed: ${name} starts again`);
  await demo.startApp(name);
  console.log(`${name} is ready`);
}

/** Prints how a program ended. A change does not restart Redis, because it is not built here. */
function tellEnd(error, name, run) {
  if (APPS.includes(name)) tell(error, run);
  else run.fail(error);
}

function tell(error, { isEnding }) {
  if (!isEnding) console.error(`${error.message}\nIt starts again when its sources change.`);
}
