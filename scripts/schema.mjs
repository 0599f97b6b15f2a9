import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dist } from './dist.mjs';
import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { cache, root } from './repository.mjs';
import { shortStreams } from './short-streams.mjs';

/**
 * `npm run test:schema`: schemathesis (PyPI) makes requests from the OpenAPI document of a gateway, right ones and wrong
 * ones, and sends them to a real deployment. No answer may be a 5xx, or other than the document says. It runs for
 * `--max-time` seconds (300 unless given); `--seed` repeats a run. What else follows `--` goes to schemathesis.
 *
 * Python is needed, and where it is not there the command says so. schemathesis is installed into .cache/schemathesis.
 */
const SCHEMATHESIS = 'schemathesis==4.32.5';
/** Checks that a right gateway fails; the reason is before each. */
const LEFT_OUT = [
  // An empty value in a query counts as absent, and members that are not known are ignored.
  'negative_data_rejection',
  // A text of the right form may mean nothing: `after` of a page that never was.
  'positive_data_acceptance',
  // `Allow` has QUERY, which has no place in OpenAPI 3.1.
  'allow_header_conformance',
  // Whether there is a ticket is not told (A4), and a revocation is not read by its id.
  'use_after_free',
  'ensure_resource_availability',
];
const ADMIN_TOKEN = 'schema-admin-secret-of-this-run';

endOnInterruption();
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'max-time': { type: 'string', default: '300' }, seed: { type: 'string' } },
  });
  await install();
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
  if (!build.ok) throw new Error('FAILED  build');
  const schemathesis = await prepared();
  if (schemathesis === null) {
    console.log('MISSING  python3 is not on PATH: the OpenAPI document is NOT TESTED with schemathesis');
  } else {
    Object.assign(process.env, redisSettings(await redisBinary()));
    const options = ['--max-time', values['max-time'], ...(values.seed ? ['--seed', values.seed] : []), ...positionals];
    process.exitCode = (await isAsDescribed(schemathesis, options)) ? 0 : 1;
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** The program, installed where it is not yet; null without Python. @throws Error if it cannot be installed */
async function prepared() {
  const python = await run('python3', ['--version'], { capture: true }).catch(() => ({ ok: false }));
  if (!python.ok) return null;
  const folder = cache('schemathesis');
  await mkdir(folder, { recursive: true });
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', 'venv'],
    [join(folder, 'venv/bin/python'), '-m', 'pip', 'install', '-q', SCHEMATHESIS],
  ]) {
    const { ok, output } = await run(command, args, { cwd: folder, capture: true });
    if (!ok) throw new Error(`FAILED  ${command} ${args.join(' ')}\n${output}`);
  }
  return join(folder, 'venv/bin/schemathesis');
}

async function isAsDescribed(schemathesis, options) {
  const { Deployment } = await import(join(dist, 'test/harness/processes/deployment.js'));
  const { tokenFor } = await import(join(dist, 'test/harness/clients/tokens.js'));
  const deployment = new Deployment({ settings: { ADMIN_TOKEN, MAX_HANDSHAKES_PER_S: '100000' } });
  try {
    await deployment.start();
    await deployment.upstream.post({ case_id: 'T1', content: 'hello' });
    const proxy = await shortStreams(deployment.gateway().url);
    const folder = cache('schemathesis');
    const config = join(folder, 'schemathesis.toml');
    await writeFile(config, configuration(await tokenFor({ sub: 'schema', hints: true, expiresInS: 86_400 })));
    const checks = ['--exclude-checks', LEFT_OUT.join(',')];
    const args = ['--config-file', config, 'run', `${proxy.url}/openapi.json`, ...checks, ...options];
    const { ok } = await run(schemathesis, args, { cwd: folder });
    proxy.close();
    const isAlive = deployment.gateway().isRunning;
    const faults = deployment.logFaults();
    console.log(
      `${ok ? 'ok' : 'FAILED'}  every answer is as described\n${isAlive ? 'ok' : 'FAILED'}  the gateway runs`,
    );
    faults.forEach((fault) => console.log(`FAILED  ${fault}`));
    return ok && isAlive && faults.length === 0;
  } finally {
    await deployment.dispose();
  }
}

/** The settings of schemathesis: whose token each operation gets. */
function configuration(token) {
  return `
request-timeout = 20
[auth.openapi.bearer]
bearer = "${token}"
[auth.openapi.adminToken]
bearer = "${ADMIN_TOKEN}"
`;
}
