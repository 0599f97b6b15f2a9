import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { cache, root } from './repository.mjs';

const RECIPES = join(root, 'docs/recipes');

/**
 * The languages of `npm run test:clients` besides JavaScript. `tools` have to be on PATH. `prepare` installs libraries and
 * builds the programs of test/world/clients in a folder of .cache/clients, and resolves with the commands that run them: the
 * `clients`, the official `sdk` of the upstream, if the language has one that reads messages, one that `polls` with it, and the
 * `recipes` of docs/recipes by their file. It throws with the output of the step that failed. `clients` are the names that the
 * program gives its clients; those that are `unordered` handle each event in a thread of its own. A language may have recipes only.
 *
 * Sources are copied there first: a build leaves nothing in the working tree.
 */
export const RUNTIMES = {
  shell: {
    tools: ['sh', 'curl'],
    prepare: async () => ({ recipes: recipes(['sse.sh'], (file) => ({ command: 'sh', args: [file] })) }),
  },
  python: {
    tools: ['python3'],
    clients: [
      'httpx-sse',
      'sseclient',
      'sseclient-py',
      ...threeWays('python-socketio'),
      ...threeWays('python-socketio asyncio'),
    ],
    unordered: threeWays('python-socketio'),
    prepare: async (folder) => {
      const python = join(folder, 'venv/bin/python');
      await step(folder, 'python3', '-m', 'venv', 'venv');
      await step(folder, python, '-m', 'pip', 'install', '-q', '-r', 'requirements.txt');
      // Two libraries have the module name sseclient.
      const other = join(folder, 'sseclient');
      await step(
        folder,
        python,
        '-m',
        'pip',
        'install',
        '-q',
        '--upgrade',
        '--no-deps',
        '--target',
        other,
        'sseclient==0.0.27',
      );
      return {
        clients: { command: python, args: ['main.py'], cwd: folder, env: { SSECLIENT_FOLDER: other } },
        sdk: { command: python, args: ['sdk.py'], cwd: folder },
        polls: { command: python, args: ['sdk_polls.py'], cwd: folder },
        recipes: recipes(['sse.py', 'socket_io.py'], (file) => ({ command: python, args: [file] })),
      };
    },
  },
  java: {
    tools: ['java', 'mvn'],
    clients: ['okhttp-sse', 'okhttp-eventsource', 'java.net.http', ...threeWays('socket.io-client-java')],
    prepare: async (folder) => {
      const repository = `-Dmaven.repo.local=${join(folder, 'repository')}`;
      const goals = ['package', 'dependency:copy-dependencies', '-DoutputDirectory=target/lib'];
      await step(folder, 'mvn', '-q', '-B', repository, ...goals);
      const java = (main) => ({ command: 'java', args: ['-cp', 'target/clients.jar:target/lib/*', main], cwd: folder });
      return {
        clients: java('pollcast.Main'),
        sdk: java('pollcast.Sdk'),
        recipes: recipes(['OkHttpSse.java', 'LaunchDarklySse.java', 'SocketIo.java'], java),
      };
    },
  },
  go: {
    tools: ['go'],
    clients: ['r3labs/sse', 'tmaxmax/go-sse'],
    prepare: async (folder) => {
      // Without -modcacherw the folder could not be deleted.
      const env = { GOMODCACHE: join(folder, 'modules'), GOFLAGS: '-modcacherw -mod=mod' };
      await stepWith(env, folder, 'go', 'build', '-o', 'clients', '.');
      await stepWith(env, folder, 'go', 'build', '-o', 'recipe', join(RECIPES, 'sse.go'));
      return {
        clients: { command: join(folder, 'clients'), args: [] },
        recipes: recipes(['sse.go'], () => ({ command: join(folder, 'recipe'), args: [] })),
      };
    },
  },
  rust: {
    tools: ['cargo'],
    clients: ['reqwest-eventsource', 'rust_socketio, websocket', 'rust_socketio, polling', 'rust_socketio, upgrade'],
    prepare: async (folder) => {
      await step(folder, 'cargo', 'build', '-q');
      return { clients: { command: join(folder, 'target/debug/clients'), args: [] } };
    },
  },
};

/** @param commandOf gets the path of a file */
function recipes(names, commandOf) {
  return Object.fromEntries(names.map((name) => [name, commandOf(join(RECIPES, name))]));
}

function threeWays(library) {
  return ['websocket', 'polling', 'upgrade'].map((transport) => `${library}, ${transport}`);
}

/** The commands of a runtime, or the name of a tool that is not there: `{ commands }` or `{ missing }`. */
export async function prepared(name) {
  const { tools, prepare } = RUNTIMES[name];
  for (const tool of tools) {
    const there = await run('sh', ['-c', `command -v ${tool}`], { capture: true });
    if (!there.ok) return { missing: tool };
  }
  const folder = cache('clients', name);
  await mkdir(folder, { recursive: true });
  const programs = join(root, 'test/world/clients', name);
  if (existsSync(programs)) await cp(programs, folder, { recursive: true });
  return { commands: await prepare(folder) };
}

const step = (folder, command, ...args) => stepWith({}, folder, command, ...args);

async function stepWith(env, folder, command, ...args) {
  const { ok, output } = await run(command, args, { cwd: folder, capture: true, env: { ...process.env, ...env } });
  if (!ok) throw new Error(`${command} ${args.join(' ')} failed:\n${output.trim()}`);
}
