import { readSettings } from './settings.js';
import { settingsSummary } from './settings-summary.js';
import { reportStart } from './start-report.js';
import { unknownSettings } from './unknown-settings.js';

const SECRET = 'secret-of-thirty-two-bytes-or-more';
const REQUIRED = { UPSTREAM_BASE_URL: 'https://osm.example.com' };

describe('what a program says at its start', () => {
  it('is its version, its role and the settings that differ from their defaults', () => {
    const [info, warn] = [jest.fn(), jest.fn()];
    const env = { ...REQUIRED, UPSTREAM_TOKEN: SECRET, POLL_INTERVAL_MS: '2000', WORKER_CONCURRENCY: '200' };
    reportStart({ info, warn }, 'worker', readSettings('worker', env), env);
    expect(info.mock.calls).toEqual([
      [
        {
          role: 'worker',
          version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
          node: process.versions.node,
          settings: { POLL_INTERVAL_MS: 2000, UPSTREAM_BASE_URL: 'https://osm.example.com', UPSTREAM_TOKEN: '[set]' },
        },
        'worker starting',
      ],
    ]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('names a misspelt setting, with the nearest name', () => {
    const [info, warn] = [jest.fn(), jest.fn()];
    reportStart({ info, warn }, 'worker', {}, { WORKER_CONCURENCY: '5' });
    const text = 'no settings are called WORKER_CONCURENCY (did you mean WORKER_CONCURRENCY?)';
    expect(warn.mock.calls).toEqual([[{ unknown: ['WORKER_CONCURENCY'] }, text]]);
  });
});

describe('settingsSummary', () => {
  it('shows no secret of any setting', () => {
    const redis = `redis://name:${SECRET}@10.0.0.5:6379/2`;
    const proxy = `http://name:${SECRET}@proxy:8080`;
    const worker = readSettings('worker', {
      ...REQUIRED,
      UPSTREAM_AUTH: 'iam',
      IAM_BASE_URL: 'https://iam.example.com',
      IAM_USERNAME: 'name-of-somebody',
      IAM_PASSWORD: SECRET,
      IAM_DOMAIN: 'd',
      HTTPS_PROXY: proxy,
      HTTP_PROXY: proxy,
      REDIS_URL: redis,
    });
    const keyed = { ...REQUIRED, UPSTREAM_AUTH: 'aksk', UPSTREAM_ACCESS_KEY: SECRET, UPSTREAM_SECRET_KEY: SECRET };
    const signed = readSettings('worker', { ...keyed, UPSTREAM_SECURITY_TOKEN: SECRET });
    const gateway = readSettings('gateway', { AUTH_JWT_SECRET: SECRET, ADMIN_TOKEN: SECRET, REDIS_URL: redis });
    const texts = [worker, signed, gateway].map((settings) => JSON.stringify(settingsSummary(settings)));
    expect(texts.join()).not.toMatch(new RegExp(`${SECRET}|name-of-somebody|name:`));
    expect(settingsSummary(worker)).toMatchObject({ REDIS_URL: 'redis://10.0.0.5:6379/2', IAM_PASSWORD: '[set]' });
  });
});

describe('unknownSettings', () => {
  it.each([
    ['WORKER_CONCURENCY', 'WORKER_CONCURRENCY'],
    ['POLL_INTERVAL', 'POLL_INTERVAL_MS'],
    ['MAX_CASE_PER_SUBSCRIPTION', 'MAX_CASES_PER_SUBSCRIPTION'],
    ['REDIS_PREFX', 'REDIS_PREFIX'],
  ])('finds %s, and says %s', (name, nearest) => {
    expect(unknownSettings({ [name]: 'x' })).toEqual([{ name, nearest }]);
  });

  it.each([
    'PATH',
    'HOME',
    'NODE_ENV',
    'NODE_OPTIONS',
    'HOSTNAME',
    'LOG_LEVEL',
    'REDIS_SERVICE_HOST',
    'GATEWAY_PORT_3000_TCP_ADDR',
    'WORKER_PORT',
    'npm_config_poll',
  ])('leaves %s alone', (name) => expect(unknownSettings({ [name]: 'x' })).toEqual([]));
});
