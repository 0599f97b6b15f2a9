import { readSettings } from './settings.js';
import { SettingsError } from './settings-reader.js';

const GATEWAY = { AUTH_JWT_SECRET: 'a-secret-of-at-least-thirty-two-bytes' };
const WORKER = { UPSTREAM_BASE_URL: 'https://osm.example', UPSTREAM_TOKEN: 'token-of-the-account' };

function faults(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.faults;
    }
    throw error;
  }
  return [];
}

const gatewayFaults = (env: NodeJS.ProcessEnv) => faults(() => readSettings('gateway', { ...GATEWAY, ...env }));
const workerFaults = (env: NodeJS.ProcessEnv) => faults(() => readSettings('worker', { ...WORKER, ...env }));

describe('settings', () => {
  it('have the defaults that README.md lists', () => {
    expect(readSettings('gateway', GATEWAY)).toEqual({
      host: '',
      port: 3000,
      logLevel: 'info',
      nodeEnv: 'development',
      redisUrl: 'redis://127.0.0.1:6379',
      redisCluster: 'false',
      redisSentinelUsername: '',
      redisSentinelPassword: '',
      redisTlsCaFile: '',
      redisTlsCertFile: '',
      redisTlsKeyFile: '',
      redisPrefix: 'pollcast',
      upstreamLanguage: 'zh-cn',
      upstreamTimeZone: 'GMT+8',
      upstreamSite: '',
      upstreamTimeoutMs: 5000,
      upstreamMaxBodyBytes: 16_777_216,
      upstreamMaxCaseIds: 100,
      pollIntervalMs: 1000,
      subscriptionLingerMs: 30_000,
      historyMaxEvents: 1000,
      historyTtlS: 86_400,
      otelExporterOtlpEndpoint: '',
      otelExporterOtlpProtocol: 'http/protobuf',
      authMode: 'jwt',
      authJwtSecret: 'a-secret-of-at-least-thirty-two-bytes',
      authJwksUrl: '',
      authJwtIssuer: '',
      authJwtAudience: '',
      authJwtTyp: '',
      authCasesClaim: 'cases',
      authGroupsClaim: 'groups',
      authHintsClaim: 'hints',
      authScopePrefix: '',
      authDetailsType: '',
      authClockToleranceS: 30,
      authRevocationTtlS: 2_592_000,
      adminToken: [],
      upstreamBaseUrl: '',
      authProbeTtlS: 300,
      authProbeMaxRps: 50,
      authProbeMaxConcurrent: 10,
      dropinAccessKeysFile: '',
      dropinLeaseMs: 60_000,
      allowedOrigins: [],
      publicUrl: '',
      trustProxy: [],
      console: 'on',
      consoleDemoUrl: '',
      docs: 'on',
      serveSocketIoClient: 'false',
      websocketOnly: 'false',
      languages: ['zh-cn', 'en-us'],
      maxCasesPerSubscription: 500,
      maxConnectionsPerSubject: 20,
      maxUnauthenticatedConnections: 5000,
      maxUnknownCasesPerSubject: 0,
      maxHandshakesPerS: 2000,
      maxHandshakesPerAddressPerS: 1000,
      sseHeartbeatMs: 15_000,
      httpKeepAliveMs: 75_000,
      httpsProxy: '',
      httpProxy: '',
      noProxy: '',
      slowConsumerMaxBytes: 1_048_576,
      drainMs: 10_000,
      gatewayProcesses: 1,
    });
    expect(readSettings('worker', WORKER)).toMatchObject({
      port: 3001,
      upstreamAuth: 'token',
      upstreamTimeZone: 'GMT+8',
      upstreamSite: '',
      upstreamTrimRichText: '',
      upstreamSecurityToken: '',
      upstreamDomainId: '',
      upstreamProjectId: '',
      upstreamTimeoutMs: 5000,
      upstreamMaxRps: 0,
      upstreamMaxBodyBytes: 16_777_216,
      pollIntervalMaxMs: 5000,
      pollOverlapMs: 2000,
      workerConcurrency: 200,
    });
  });

  it('have room in a request for as many ids as a subscription may name', () => {
    const bytes = (cases: number) =>
      readSettings('gateway', { ...GATEWAY, MAX_CASES_PER_SUBSCRIPTION: String(cases) }).requestMaxBytes;
    const largest = (cases: number) => JSON.stringify({ case_ids: Array(cases).fill('"'.repeat(64)) }).length;
    expect([bytes(1), bytes(500)]).toEqual([131_072, 131_072]);
    for (const cases of [500, 968, 969, 5000, 10_000]) {
      expect(bytes(cases)).toBeGreaterThan(largest(cases) + 3000);
    }
  });

  it('are read only by the program that needs them', () => {
    const settings = readSettings('gateway', { ...GATEWAY, UPSTREAM_TOKEN: 'a b', PATH: '/bin' });
    expect(Object.keys(settings).filter((name) => ['upstreamToken', 'path'].includes(name))).toEqual([]);
  });

  it('cannot be changed once read', () => {
    const settings = readSettings('gateway', GATEWAY) as { port: number };
    expect(() => (settings.port = 1)).toThrow(TypeError);
  });

  it('are refused all at once, each by its name and with what was expected', () => {
    const found = workerFaults({ PORT: '65536', REDIS_URL: 'http://x', UPSTREAM_BASE_URL: '', UPSTREAM_SITE: '2' });
    expect([...found].sort()).toEqual([
      'PORT is 65536: expected a whole number from 0 to 65535 (port), in decimal digits',
      'REDIS_URL is wrong: expected one redis:// or rediss:// URL, several with commas in between for a cluster, or redis+sentinel://host,host/master/database',
      'UPSTREAM_BASE_URL is not set: expected an http:// or https:// URL without user, query and fragment',
      'UPSTREAM_SITE is "2": expected one of 0, 1',
    ]);
  });

  it('open /admin to secrets of 16 or more characters only, with names or without', () => {
    const ADMIN_TOKEN = '0123456789abcdef, kim:0123456789abcdef';
    expect(readSettings('gateway', { ...GATEWAY, ADMIN_TOKEN }).adminToken).toEqual(ADMIN_TOKEN.split(', '));
    const refused = ['hunter2', 'kim:hunter2', '0123456789abcdef,kim:hunter2', 'k m:0123456789abcdef', 'a b'.repeat(9)];
    for (const text of refused) {
      expect(gatewayFaults({ ADMIN_TOKEN: text })).toEqual([
        'ADMIN_TOKEN is wrong: expected secrets of 16 or more characters, each also as name:secret, with commas in between',
      ]);
    }
  });

  it('never show a secret', () => {
    const secrets = {
      REDIS_URL: 'http://user:hunter2@redis',
      UPSTREAM_TOKEN: 'hunter2 with a space',
      UPSTREAM_BASE_URL: 'https://user:hunter2@osm.example',
    };
    expect(workerFaults(secrets)).toHaveLength(3);
    expect(workerFaults(secrets).join()).not.toContain('hunter2');
    const key = { UPSTREAM_AUTH: 'aksk', UPSTREAM_ACCESS_KEY: 'AK', UPSTREAM_SECRET_KEY: 'hunter2 hunter2' };
    const signing = workerFaults({ ...key, UPSTREAM_SECURITY_TOKEN: 'hunter2 hunter2' });
    expect(signing).toHaveLength(2);
    expect(signing.join()).not.toContain('hunter2');
    const gateway = gatewayFaults({ AUTH_JWT_SECRET: 'hunter2', AUTH_JWKS_URL: 'ftp://hunter2' });
    expect(gateway).toHaveLength(3);
    expect(gateway.join()).not.toContain('hunter2');
  });

  it.each(['1e3', ' 5', '5 ', '0x10', '-1', '+1', '1.0', 'ten', '99999999999999999999'])(
    'do not take %j for a number',
    (text) => expect(workerFaults({ POLL_OVERLAP_MS: text })).toHaveLength(1),
  );

  it('read proxies as curl does: in lower case too, and without a scheme', () => {
    const { httpsProxy, httpProxy, noProxy } = readSettings('worker', {
      ...WORKER,
      https_proxy: 'http://user:p%40ss@proxy:3128',
      HTTP_PROXY: 'proxy:3128',
      no_proxy: 'localhost,.example.com',
      NO_PROXY: 'overruled',
    });
    expect([httpsProxy, httpProxy, noProxy]).toEqual([
      'http://user:p%40ss@proxy:3128',
      'http://proxy:3128',
      'localhost,.example.com',
    ]);
  });

  it.each(['socks5://user:hunter2@proxy:1080', 'http://', 'user:hunter2@'])(
    'refuse %s for a proxy, without showing it',
    (url) => {
      const found = workerFaults({ HTTPS_PROXY: url });
      expect(found).toEqual([
        'HTTPS_PROXY is wrong: expected an http:// or https:// URL of a proxy, with user and password if it wants them',
      ]);
    },
  );

  it('take an empty text for a setting that is not set', () => {
    expect(readSettings('gateway', { ...GATEWAY, PORT: '' }).port).toBe(3000);
  });

  it.each(['GMT', 'UTC', 'GMT+8', 'GMT+08:00', 'UTC-3:30', 'GMT+14', 'GMT-12:00'])('read the time zone %s', (zone) =>
    expect(readSettings('worker', { ...WORKER, UPSTREAM_TIME_ZONE: zone }).upstreamTimeZone).toBe(zone),
  );

  it.each(['Asia/Shanghai', 'GMT+15', 'GMT+8:60', 'gmt+8', '+08:00', 'GMT+14:30'])('refuse the time zone %s', (zone) =>
    expect(workerFaults({ UPSTREAM_TIME_ZONE: zone })).toHaveLength(1),
  );

  it('read several Redis URLs as a cluster', () => {
    const REDIS_URL = 'rediss://u:p@a:6379, redis://b:6380';
    expect(gatewayFaults({ REDIS_URL })).toEqual([]);
    expect(gatewayFaults({ REDIS_URL: `${REDIS_URL},b:1` })).toHaveLength(1);
  });

  it('require a longest interval that is not shorter than the interval', () => {
    expect(workerFaults({ POLL_INTERVAL_MS: '6000' })).toEqual([
      'POLL_INTERVAL_MAX_MS must be no less than POLL_INTERVAL_MS',
    ]);
    expect(workerFaults({ POLL_INTERVAL_MS: '6000', POLL_INTERVAL_MAX_MS: '6000' })).toEqual([]);
  });

  it.each([
    ['token', ['UPSTREAM_TOKEN']],
    ['iam', ['IAM_BASE_URL', 'IAM_USERNAME', 'IAM_PASSWORD', 'IAM_DOMAIN']],
    ['aksk', ['UPSTREAM_ACCESS_KEY', 'UPSTREAM_SECRET_KEY']],
  ])('want what UPSTREAM_AUTH=%s needs', (mode, names) => {
    const found = workerFaults({ UPSTREAM_AUTH: mode, UPSTREAM_TOKEN: '' });
    expect(found.map((fault) => fault.split(' ')[0]).sort()).toEqual([...names].sort());
  });

  it('require exactly one kind of key for JWTs', () => {
    const sentence = 'AUTH_JWT_SECRET or AUTH_JWKS_URL must be set for AUTH_MODE=jwt, one of the two and not both';
    expect(gatewayFaults({ AUTH_JWT_SECRET: '' })).toEqual([sentence]);
    expect(gatewayFaults({ AUTH_JWKS_URL: 'https://id.example/jwks.json' })).toEqual([sentence]);
    expect(gatewayFaults({ AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'https://id.example/jwks.json' })).toEqual([]);
  });

  it('require a secret as long as the hash, in bytes', () => {
    const fault = expect.stringMatching(/^AUTH_JWT_SECRET is wrong: expected a secret of 32 or more bytes/);
    expect(gatewayFaults({ AUTH_JWT_SECRET: 'x'.repeat(31) })).toEqual([fault]);
    expect(gatewayFaults({ AUTH_JWT_SECRET: 'x'.repeat(32) })).toEqual([]);
    expect(gatewayFaults({ AUTH_JWT_SECRET: '密'.repeat(11) })).toEqual([]);
  });

  it('listen on every address, but on this machine only if authentication is off', () => {
    const addressOf = (env: NodeJS.ProcessEnv) => readSettings('gateway', { ...GATEWAY, ...env }).address;
    expect(addressOf({})).toBe('0.0.0.0');
    expect(addressOf({ AUTH_MODE: 'none' })).toBe('127.0.0.1');
    expect(addressOf({ AUTH_MODE: 'none', HOST: '0.0.0.0' })).toBe('0.0.0.0');
    expect(addressOf({ HOST: '10.0.0.1' })).toBe('10.0.0.1');
    expect(gatewayFaults({ HOST: 'a b' })).toHaveLength(1);
  });

  it('allow no authentication only outside production', () => {
    expect(gatewayFaults({ AUTH_MODE: 'none', AUTH_JWT_SECRET: '' })).toEqual([]);
    expect(gatewayFaults({ AUTH_MODE: 'none', NODE_ENV: 'production' })).toEqual([
      'AUTH_MODE cannot be none when NODE_ENV=production: everybody could read every ticket',
    ]);
    expect(gatewayFaults({ AUTH_MODE: 'ldap' })).toEqual(['AUTH_MODE is "ldap": expected one of jwt, upstream, none']);
    expect(gatewayFaults({ AUTH_MODE: 'ldap', NODE_ENV: 'production' })).toEqual([
      'AUTH_MODE is "ldap": expected one of jwt, upstream',
    ]);
  });

  it('name the upstream where it is asked about rights, and only there', () => {
    expect(gatewayFaults({ UPSTREAM_BASE_URL: 'nonsense' })).toEqual([]);
    const fault = expect.stringMatching(/^UPSTREAM_BASE_URL is .*as AUTH_MODE=upstream needs it$/);
    expect(gatewayFaults({ AUTH_MODE: 'upstream' })).toEqual([fault]);
    expect(gatewayFaults({ AUTH_MODE: 'upstream', UPSTREAM_BASE_URL: 'nonsense' })).toEqual([fault]);
    const asks = { AUTH_MODE: 'upstream', AUTH_JWT_SECRET: '', UPSTREAM_BASE_URL: WORKER.UPSTREAM_BASE_URL };
    expect(gatewayFaults(asks)).toEqual([]);
    expect(gatewayFaults({ ...asks, AUTH_PROBE_TTL_S: '0', AUTH_PROBE_MAX_RPS: '0' })).toHaveLength(2);
  });

  it('read each right from a claim of its own, and from none that has another meaning', () => {
    const AUTH_CASES_CLAIM = 'https://example.com/cases';
    expect(readSettings('gateway', { ...GATEWAY, AUTH_CASES_CLAIM }).authCasesClaim).toBe(AUTH_CASES_CLAIM);
    expect(gatewayFaults({ AUTH_CASES_CLAIM: 'groups' })).toEqual([
      'AUTH_CASES_CLAIM must differ from AUTH_GROUPS_CLAIM and AUTH_HINTS_CLAIM',
    ]);
    expect(gatewayFaults({ AUTH_GROUPS_CLAIM: 'hints' })).toHaveLength(1);
    for (const name of ['aud', 'sub', 'scope', 'authorization_details']) {
      const fault = expect.stringMatching(/^AUTH_GROUPS_CLAIM is wrong: expected the name of a claim, other than iss/);
      expect(gatewayFaults({ AUTH_GROUPS_CLAIM: name })).toEqual([fault]);
    }
    expect(gatewayFaults({ AUTH_SCOPE_PREFIX: 'pollcast:' })).toEqual([]);
    expect(gatewayFaults({ AUTH_SCOPE_PREFIX: 'pollcast: ' })).toHaveLength(1);
  });

  it('take whole origins only', () => {
    const ALLOWED_ORIGINS = 'https://a.example, http://localhost:8080';
    expect(readSettings('gateway', { ...GATEWAY, ALLOWED_ORIGINS }).allowedOrigins).toEqual([
      'https://a.example',
      'http://localhost:8080',
    ]);
    for (const origin of ['*', 'https://a.example/', 'a.example', 'null', 'https://*.com']) {
      expect(gatewayFaults({ ALLOWED_ORIGINS: origin })).toHaveLength(1);
    }
    expect(gatewayFaults({ ALLOWED_ORIGINS: 'https://*.a.example,http://localhost:*,tauri://localhost' })).toEqual([]);
  });

  it('take proxies by address, network and name', () => {
    expect(gatewayFaults({ TRUST_PROXY: 'loopback, 10.0.0.0/8,fd00::/8,192.168.1.1' })).toEqual([]);
    for (const proxies of ['true', '1', 'proxy.example', '10.0.0.0/33', '10.0.0.0/8,*']) {
      expect(gatewayFaults({ TRUST_PROXY: proxies })).toHaveLength(1);
    }
  });
});
