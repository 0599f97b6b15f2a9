import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { chart, chartDigest, rendered, renderedName, VALUES } from './chart.mjs';
import { run } from './processes.mjs';
import { cache, tool } from './repository.mjs';

/**
 * `npm run test:helm`: checks the chart in deploy/helm with helm, and that test/helm/rendered is what helm makes of it.
 * `npm run test:helm -- --update` writes those files. helm is on PATH, or Go builds it into .cache/helm (a minute or two).
 */
const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0';
const RELEASE = ['template', 'pollcast', chart, '--namespace', 'push'];
/** Values that the schema has to refuse. */
const REFUSED = [
  ['an unknown name', 'gateway.replica=3'],
  ['a secret among settings', 'settings.REDIS_URL=redis://redis:6379'],
  ['a number where settings are texts', 'worker.settings.UPSTREAM_MAX_RPS=50'],
  ['a mode of authentication that a production refuses', 'auth.mode=none'],
];
/** Types of the objects by kind, for a check that knows every field: the one at run time lets unknown fields pass. */
const TYPES = {
  Deployment: 'kubernetes-models/apps/v1',
  Service: 'kubernetes-models/v1',
  ServiceAccount: 'kubernetes-models/v1',
  Secret: 'kubernetes-models/v1',
  PodDisruptionBudget: 'kubernetes-models/policy/v1',
  HorizontalPodAutoscaler: 'kubernetes-models/autoscaling/v2',
  NetworkPolicy: 'kubernetes-models/networking.k8s.io/v1',
  Ingress: 'kubernetes-models/networking.k8s.io/v1',
  HTTPRoute: '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
  ScaledObject: '@kubernetes-models/keda/keda.sh/v1alpha1',
  ServiceMonitor: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};

const update = process.argv.includes('--update');
const helm = await helmBinary();
const texts = new Map();
for (const values of VALUES) texts.set(renderedName(values), await render(values));
await refuses();
await typesFit([...texts.values()]);
compare();
console.log(`the chart holds with ${VALUES.length} files of values`);

async function helmBinary() {
  for (const path of ['helm', cache('helm/helm')]) {
    const { ok } = await run(path, ['version'], { capture: true }).catch(() => ({ ok: false }));
    if (ok) return path;
  }
  console.log('No helm here: Go builds one into .cache/helm');
  mkdirSync(cache('helm'), { recursive: true });
  const { ok, output } = await run('go', ['install', HELM], {
    capture: true,
    env: { ...process.env, GOBIN: cache('helm') },
  }).catch(({ message }) => ({ ok: false, output: message }));
  if (!ok) fail(`no helm found, and Go could not build one:\n${output}`);
  return cache('helm/helm');
}

/** Lints the chart with a file of values, and gives its objects as one text. */
async function render(values) {
  const options = values === null ? [] : ['--values', join(chart, 'ci', values)];
  const linted = await run(helm, ['lint', '--strict', chart, ...options], { capture: true });
  if (!linted.ok) fail(`helm lint --strict fails with ${renderedName(values)}:\n${linted.output}`);
  const { ok, output } = await run(helm, [...RELEASE, ...options], { capture: true });
  if (!ok) fail(`helm template fails with ${renderedName(values)}:\n${output}`);
  return `# Made by npm run test:helm -- --update. Chart: ${chartDigest()}\n${output}`;
}

async function refuses() {
  for (const [what, assignment] of REFUSED) {
    const { ok, output } = await run(helm, [...RELEASE, '--set', assignment], { capture: true });
    if (ok || !output.includes("values don't meet the specifications of the schema")) {
      fail(`the schema lets ${what} pass: --set ${assignment}\n${output.slice(0, 500)}`);
    }
  }
}

/** TypeScript compares each object with its type, and refuses fields that it does not have. */
async function typesFit(all) {
  const file = cache('helm/objects.ts');
  mkdirSync(cache('helm'), { recursive: true });
  const objects = all.flatMap((text) => loadAll(text)).filter(Boolean);
  const unknown = objects.find(({ kind }) => !(kind in TYPES));
  if (unknown) fail(`scripts/helm.mjs has no type for ${unknown.kind}`);
  const kinds = [...new Set(objects.map(({ kind }) => kind))];
  const imports = kinds.map((kind) => `import type { I${kind} } from '${TYPES[kind]}';`);
  const constants = objects.map((object, at) => `export const o${at}: I${object.kind} = ${JSON.stringify(object)};`);
  writeFileSync(file, [...imports, ...constants].join('\n'));
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', types: [] };
  writeFileSync(cache('helm/tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  const options = ['--project', cache('helm')];
  const { ok, output } = await run(process.execPath, [tool('typescript/bin/tsc'), ...options], {
    capture: true,
  });
  if (!ok) fail(`objects of the chart do not fit their types:\n${output}`);
}

function compare() {
  if (update) {
    rmSync(rendered, { recursive: true, force: true });
    mkdirSync(rendered, { recursive: true });
    for (const [name, text] of texts) writeFileSync(join(rendered, name), text);
    return;
  }
  const committed = existsSync(rendered) ? readdirSync(rendered) : [];
  const stale = [...new Set([...committed, ...texts.keys()])].filter(
    (name) => !committed.includes(name) || readFileSync(join(rendered, name), 'utf8') !== texts.get(name),
  );
  if (stale.length > 0) fail(`run npm run test:helm -- --update: helm makes something else of ${stale.join(', ')}`);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
