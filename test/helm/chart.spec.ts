import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Ajv from 'ajv';
import { load, loadAll } from 'js-yaml';

import { GatewaySettings, readAs, WorkerSettings } from '#ops';
import { ROOT } from '../harness/processes/repository.js';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly optional?: boolean } };
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly Variable[];
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string }; readonly periodSeconds: number };
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>;
  readonly securityContext: object;
}

interface Pod {
  readonly containers: readonly [Container];
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
}

/** An object of Kubernetes, with the parts of its kind that tests look at. */
interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: Pod } };
}

const CHART = join(ROOT, 'deploy/helm/pollcast');
const RENDERED = join(ROOT, 'test/helm/rendered');
const read = (file: string) => readFileSync(file, 'utf8');
const rendered = readdirSync(RENDERED);
const objectsOf = (file: string) => loadAll(read(join(RENDERED, file))).filter(Boolean) as KubernetesObject[];
const deployment = (file: string, program: 'gateway' | 'worker'): KubernetesObject => {
  const found = objectsOf(file).find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${program}`),
  );
  if (!found) throw new Error(`${file} has no Deployment of a ${program}`);
  return found;
};
const pod = (file: string, program: 'gateway' | 'worker') => deployment(file, program).spec.template.spec;
const secretsOf = ({ containers: [container] }: Pod) =>
  new Map(container.env.flatMap(({ name, valueFrom }) => (valueFrom ? [[name, valueFrom.secretKeyRef]] : [])));

/** Packages with the models of a group of the API. */
const PACKAGES: Readonly<Record<string, string>> = {
  'keda.sh': '@kubernetes-models/keda/',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator/',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api/',
};

/** What is wrong with an object; empty: nothing. */
function faultOf(object: KubernetesObject): string {
  const [group = ''] = object.apiVersion.split('/');
  const path = `${PACKAGES[group] ?? 'kubernetes-models/'}${object.apiVersion}/${object.kind}`;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- one module of hundreds, named by the object
  const models = require(path) as Readonly<Record<string, new (data: object) => { validate(): void }>>;
  const Model = models[object.kind];
  if (!Model) return `${path} has no ${object.kind}`;
  try {
    new Model(object).validate();
    return '';
  } catch (error) {
    return `${object.kind} ${object.metadata.name}: ${String(error)}`;
  }
}

/** Values for what comes out of Secrets. */
const SECRETS: Readonly<Record<string, string>> = {
  REDIS_URL: 'redis://:secret@redis:6379',
  AUTH_JWT_SECRET: 'a secret of thirty-two or more bytes',
  ADMIN_TOKEN: 'ana:a1b2c3d4e5f6a7b8',
  UPSTREAM_BASE_URL: 'https://osm.example.com',
  IAM_BASE_URL: 'https://iam.example.com',
};

function environment({ containers: [container] }: Pod): Record<string, string> {
  return Object.fromEntries(container.env.map(({ name, value }) => [name, value ?? SECRETS[name] ?? 'something']));
}

describe('the Helm chart', () => {
  it('is the one that test/helm/rendered was made of', () => {
    const script = `import * as chart from './scripts/chart.mjs'; console.log(JSON.stringify([chart.chartDigest(), chart.VALUES.map(chart.renderedName)]))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const [digest, names] = JSON.parse(printed) as [string, string[]];
    expect([...rendered].sort()).toEqual([...names].sort());
    // After a change of the chart: npm run test:helm -- --update
    const firstLines = rendered.map((file) => read(join(RENDERED, file)).split('\n')[0]);
    expect(firstLines).toEqual(rendered.map(() => `# Made by npm run test:helm -- --update. Chart: ${digest}`));
  });

  it('has a schema that its values fit, and that refuses what is unknown', () => {
    const accepts = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(read(join(CHART, 'values.schema.json'))) as object,
    );
    const values = ['values.yaml', ...readdirSync(join(CHART, 'ci')).map((file) => `ci/${file}`)];
    for (const file of values) {
      accepts(load(read(join(CHART, file))));
      expect([file, accepts.errors ?? []]).toEqual([file, []]);
    }
    expect(accepts({ gateway: { replica: 3 } })).toBe(false);
    expect(accepts({ settings: { REDIS_URL: 'redis://redis' } })).toBe(false);
    expect(accepts({ worker: { settings: { UPSTREAM_MAX_RPS: 50 } } })).toBe(false);
    expect(accepts({ auth: { mode: 'none' } })).toBe(false);
  });

  it.each(rendered)('gives objects of Kubernetes that are valid: %s', (file) => {
    expect(objectsOf(file).map(faultOf).filter(Boolean)).toEqual([]);
  });

  it('gives every kind of object that it can', () => {
    const kinds = new Set(rendered.flatMap(objectsOf).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'Deployment',
      'HTTPRoute',
      'HorizontalPodAutoscaler',
      'Ingress',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'ScaledObject',
      'Secret',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
  });

  it.each(rendered)('gives both programs settings that they accept, and none that they do not know: %s', (file) => {
    for (const [program, Shape] of [
      ['gateway', GatewaySettings],
      ['worker', WorkerSettings],
    ] as const) {
      const env = environment(pod(file, program));
      expect(() => readAs<GatewaySettings | WorkerSettings>(Shape, env)).not.toThrow();
      const known = Object.keys(new Shape()).map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase());
      expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it.each(rendered)(
    'gives credentials of the upstream to workers alone, and secrets of clients to gateways: %s',
    (file) => {
      const gateway = secretsOf(pod(file, 'gateway'));
      const worker = secretsOf(pod(file, 'worker'));
      expect([...gateway.keys()].filter((name) => /^(?:UPSTREAM|IAM)_/.test(name))).toEqual([]);
      expect([...worker.keys()].filter((name) => /^(?:AUTH|ADMIN)_/.test(name))).toEqual([]);
      expect([...worker.keys()].filter((name) => /^(?:UPSTREAM|IAM)_/.test(name)).length).toBeGreaterThan(0);
      expect(gateway.get('REDIS_URL')).toEqual(worker.get('REDIS_URL'));
      const shared = [...gateway].filter(([name]) => name !== 'REDIS_URL').map(([, { name }]) => name);
      expect([...worker.values()].filter(({ name }) => shared.includes(name))).toEqual([]);
    },
  );

  it.each(rendered)('ends a gateway in order: preStop, drain and grace period fit: %s', (file) => {
    const spec = pod(file, 'gateway');
    const [container] = spec.containers;
    const { drainMs } = readAs(GatewaySettings, environment(spec));
    const preStopS = Number(container.lifecycle?.preStop.exec.command[1]);
    // Two looks of a probe, in case that somebody reads it instead of the endpoints.
    expect(preStopS).toBeGreaterThanOrEqual(2 * container.readinessProbe.periodSeconds);
    // After the drain a gateway waits for up to 2 s for what is left.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(preStopS + drainMs / 1000 + 2);
    const { upstreamTimeoutMs } = readAs(WorkerSettings, environment(pod(file, 'worker')));
    expect(pod(file, 'worker').terminationGracePeriodSeconds).toBeGreaterThan(
      Math.max(10, upstreamTimeoutMs / 1000) + 2,
    );
  });

  it.each(rendered)('runs both programs as the image does, as nobody who may do anything: %s', (file) => {
    const scripts = (JSON.parse(read(join(ROOT, 'package.json'))) as { scripts: Record<string, string> }).scripts;
    for (const program of ['gateway', 'worker'] as const) {
      const spec = pod(file, program);
      const [container] = spec.containers;
      expect(container.command.join(' ')).toBe(scripts[`start:${program}`]);
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 });
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.readinessProbe.httpGet.path).toBe('/health/ready');
      expect([container.resources.requests['cpu'], container.resources.limits['memory']]).toEqual(['500m', '512Mi']);
    }
  });

  it('leaves the number of pods to what scales them', () => {
    const counts = (file: string) =>
      [deployment(file, 'gateway'), deployment(file, 'worker')].map(({ spec }) => spec.replicas);
    expect(counts('existing-secrets.yaml')).toEqual([undefined, undefined]);
    expect(counts('defaults.yaml')).toEqual([2, 2]);
  });
});
