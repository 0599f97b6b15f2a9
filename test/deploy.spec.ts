import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { GatewaySettings, readAs, WorkerSettings } from '#ops';
import { dashboardPanels, metricsIn, watchedExpressions } from './fixtures/watched-metrics.js';
import { ROOT } from './harness/processes/repository.js';

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly build?: { readonly target: string };
  readonly read_only?: boolean;
  readonly mem_limit?: string;
  readonly healthcheck?: object;
}

const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
/** What an operator has to set. Redis' password is part of a URL. */
const GIVEN: Readonly<Record<string, string>> = {
  REDIS_PASSWORD: 'a1b2c3d4e5f6a7b8',
  AUTH_JWT_SECRET: 'a secret of thirty-two or more bytes',
};

/** Puts in what Compose puts in: `${NAME}`, `${NAME:-default}` and `${NAME:?error}`. */
function substituted(yaml: string): string {
  return yaml.replace(
    /\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, otherwise = '') => GIVEN[name] ?? otherwise,
  );
}

const { services } = load(substituted(text('docker-compose.yml'))) as { services: Record<string, Service> };
const service = (name: string): Service => {
  const found = services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};
const environmentOf = (name: string) =>
  Object.fromEntries(Object.entries(service(name).environment ?? {}).map(([key, value]) => [key, String(value ?? '')]));

describe('docker-compose.yml', () => {
  it.each([
    ['gateway', GatewaySettings],
    ['worker', WorkerSettings],
  ] as const)('gives a %s settings that it accepts, and none that it does not know', (name, Shape) => {
    const env = environmentOf(name);
    const settings = readAs<GatewaySettings | WorkerSettings>(Shape, env);
    expect(settings.redisUrl).toBe('redis://:a1b2c3d4e5f6a7b8@redis:6379');
    const known = Object.keys(new Shape()).map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase());
    expect(Object.keys(env).filter((key) => !known.includes(key))).toEqual([]);
  });

  it('gives the secret of the upstream to the worker alone', () => {
    const holders = Object.keys(services).filter((name) => 'UPSTREAM_TOKEN' in environmentOf(name));
    expect(holders).toEqual(['worker']);
  });

  it('publishes no port of gateway and worker, so that both can be scaled', () => {
    expect([service('gateway').ports, service('worker').ports]).toEqual([undefined, undefined]);
    expect(service('nginx').ports).toEqual(['8080:8080']);
    expect(environmentOf('gateway')['WEBSOCKET_ONLY']).toBe('true');
  });

  it('waits for longer than a drain takes', () => {
    const { drainMs } = readAs(GatewaySettings, environmentOf('gateway'));
    expect(Number.parseInt(service('gateway').stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(drainMs + 2000);
  });

  it('bounds every container, gives it a read-only root, and mounts files that exist', () => {
    for (const [name, each] of Object.entries(services)) {
      expect([name, each.read_only, each.mem_limit]).toEqual([name, true, expect.stringMatching(/^\d+[mg]$/)]);
      const sources = (each.volumes ?? [])
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((at) => at.startsWith('.'));
      expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    }
  });
});

describe('deploy/prometheus', () => {
  interface Rule {
    readonly alert?: string;
    readonly record?: string;
    readonly expr: string;
    readonly annotations?: { readonly runbook: string };
  }
  const rules = ['rules.yml', 'slo.yml'].flatMap((file) => {
    const { groups } = load(text(`deploy/prometheus/${file}`)) as { groups: { rules: Rule[] }[] };
    return groups.flatMap((group) => group.rules);
  });

  it('reads metrics that OPERATIONS.md names, and no others', () => {
    const documented = new Set(text('OPERATIONS.md').match(/\bpollcast_\w+/g));
    const used = rules.flatMap(({ expr = '' }) => metricsIn({ at: '', expr })).map(({ name }) => name);
    expect(new Set(used).size).toBeGreaterThan(5);
    expect(used.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('has an entry in OPERATIONS.md for every alert, and drives every alert', () => {
    const headings = [...text('OPERATIONS.md').matchAll(/^### (\w+)$/gm)].map((match) =>
      (match[1] ?? '').toLowerCase(),
    );
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBe(10);
    const missing = alerts.filter(({ annotations }) => !headings.includes(annotations?.runbook.split('#')[1] ?? ''));
    expect(missing).toEqual([]);
    const driven = text('deploy/prometheus/rules.test.yml');
    const untested = alerts
      .filter(({ alert = '' }) => !driven.includes(`alertname: ${alert}`))
      .map(({ alert }) => alert);
    expect(untested).toEqual(['PollcastFreshnessBudgetSlow']); // Its windows are six hours long.
  });
});

describe('deploy/grafana', () => {
  const file = (path: string) => join('deploy/grafana', path);

  it('answers the first questions of an operator, each panel with a title of its own', () => {
    const titles = dashboardPanels().map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    const read = new Set(
      watchedExpressions()
        .filter(({ at }) => at.startsWith('pollcast.json'))
        .flatMap(metricsIn)
        .map(({ name }) => name.replace(/^pollcast_|_(?:bucket|total)$/g, '')),
    );
    const questions = [
      'stalest_set_seconds',
      'sets',
      'polls',
      'upstream_requests',
      'quota_wait_seconds',
      'poll_failures',
    ];
    const more = ['upstream_requests_floor_per_second', 'upstream_requests_by_clients_per_second', 'connections'];
    const stages = [
      'delivery_stage_seconds',
      'redis_ping_seconds',
      'nodejs_eventloop_lag_p99_seconds',
      'slow_consumers',
    ];
    expect([...questions, ...more, ...stages].filter((name) => !read.has(name))).toEqual([]);
  });

  it('is where Grafana in docker-compose.yml looks for it, and asks the Prometheus there', () => {
    const { volumes = [] } = service('grafana');
    const mounted = new Map(volumes.map((volume) => volume.split(':').slice(0, 2).reverse() as [string, string]));
    const { providers } = load(text(file('provisioning/dashboards/pollcast.yml'))) as {
      providers: [{ options: { path: string } }];
    };
    expect(mounted.get(`${providers[0].options.path}/pollcast.json`)).toBe('./deploy/grafana/pollcast.json');
    expect(environmentOf('grafana')['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(
      `${providers[0].options.path}/pollcast.json`,
    );
    const { datasources } = load(text(file('provisioning/datasources/prometheus.yml'))) as {
      datasources: [{ url: string }];
    };
    expect(Object.keys(services)).toContain(new URL(datasources[0].url).hostname);
    expect(service('grafana').ports).toEqual(['127.0.0.1:3030:3000']);
  });
});

describe('Dockerfile', () => {
  const stages = text('Dockerfile')
    .split(/^FROM /m)
    .slice(1);
  const stage = (name: string) => stages.find((each) => each.split('\n')[0]?.endsWith(` AS ${name}`)) ?? '';

  it('puts the code of gateway, console and worker into the production image, and nothing else', () => {
    const copied = [...stage('production').matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map((match) => match[1]);
    expect(copied).toEqual(['dist/libs', 'dist/apps/gateway', 'dist/apps/console', 'dist/apps/worker']);
    expect(stages.at(-1)?.trim()).toBe('production');
  });

  it('runs as a numbered user who is not root, and says how to look at its health', () => {
    expect(stage('production')).toMatch(/^USER 1000:1000$/m);
    expect(stage('production')).toMatch(/^HEALTHCHECK .*CMD \["node", "scripts\/healthcheck\.mjs"\]$/m);
    expect(stage('production')).not.toMatch(/^USER root/m);
  });

  it('runs the Node version that the documents recommend', () => {
    expect(new Set(text('Dockerfile').match(/^FROM node:\S+/gm))).toEqual(new Set(['FROM node:24.21.0-slim']));
  });
});
