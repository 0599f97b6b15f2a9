import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '#ops';
import { RunningGateway } from '../../test/running-gateway.js';
import { ConsoleEndpoint } from './console-endpoint.js';
import { consoleFiles } from './console-files.js';

const FACTS = { authMode: 'jwt', casesClaim: 'https://x.example/"cases"', hasDemo: true, hasDocs: true };
const PERSON = 'text/html,application/xhtml+xml,*/*;q=0.8';

describe('the console of a gateway', () => {
  let folder: string;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pollcast-console-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><html lang="en"><title>Pollcast</title></html>');
    writeFileSync(join(folder, 'assets/index-abc.js'), 'console.log("$& is no pattern");');
    const endpoint = new ConsoleEndpoint(consoleFiles(folder, FACTS));
    server = createServer((request, response) => {
      if (!endpoint.serves(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  it.each(['/', '/ops', '/?ticket=T1'])('is one page at %s, with what it has to know as attributes', async (path) => {
    const answer = await fetch(`${url}${path}`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(await answer.text()).toContain(
      '<html data-auth="jwt" data-cases-claim="https://x.example/&quot;cases&quot;" data-demo="on" data-docs="on" lang="en">',
    );
  });

  it('allows scripts, styles and connections of its own origin, and nothing inline', async () => {
    const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('has files with a digest in their names, which browsers keep for ever', async () => {
    const answer = await fetch(`${url}/assets/index-abc.js`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect([answer.headers.get('content-encoding'), await answer.text()]).toEqual([
      'gzip',
      'console.log("$& is no pattern");',
    ]);
  });

  it('answers 304 to a browser that has the page', async () => {
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it.each(['/assets/', '/assets/../index.html', '/assets/%2e%2e/index.html', '/index.html', '/ops/x'])(
    'serves nothing else: %s',
    async (path) => expect((await fetch(`${url}${path}`)).status).toBe(404),
  );

  it('is no place to write', async () => {
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  it('is missing without a word where it was not built', () => {
    expect(consoleFiles(join(folder, 'nowhere'), FACTS).size).toBe(0);
  });
});

describe('an unknown address', () => {
  let gateway: RunningGateway;

  beforeAll(async () => (gateway = await RunningGateway.start({ CONSOLE: 'off' })));
  afterAll(() => gateway.stop());

  it.each(['/', '/nowhere?access_token=secret', '/admin'])(
    '%s gives a person a page that says where to go',
    async (path) => {
      const answer = await fetch(`${gateway.url}${path}`, { headers: { accept: PERSON } });
      const page = await answer.text();
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page).toContain('href="/docs"');
      expect(page).not.toContain('href="/"');
      expect(page).not.toContain('secret');
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    },
  );

  it('gives a program the problem not_found', async () => {
    const answer = await fetch(`${gateway.url}/nowhere`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect(await answer.json()).toMatchObject({ code: 'not_found' });
  });

  it('is also /demo/ of a gateway that belongs to no demo', async () => {
    expect((await fetch(`${gateway.url}/demo/worker/kill`, { method: 'POST' })).status).toBe(404);
  });
});

describe('CONSOLE_DEMO_URL', () => {
  const env = { AUTH_JWT_SECRET: 'a secret for tests of at least 32 bytes', CONSOLE_DEMO_URL: 'http://127.0.0.1:1' };

  it('is refused in production', () => {
    expect(() => readSettings('gateway', { ...env, NODE_ENV: 'production' })).toThrow(
      'CONSOLE_DEMO_URL cannot be set when NODE_ENV=production',
    );
    expect(readSettings('gateway', env).consoleDemoUrl).toBe('http://127.0.0.1:1');
  });

  it('passes requests on, and says so when nobody answers', async () => {
    const heard: string[] = [];
    const demo = createServer((request, response) => {
      heard.push(`${request.method} ${request.url} ${request.headers.authorization} ${request.headers.cookie}`);
      response.writeHead(202).end();
    });
    await new Promise<void>((resolve) => demo.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(demo.address() as AddressInfo).port}`;
    const gateway = await RunningGateway.start({ CONSOLE_DEMO_URL: url });
    const post = async () => {
      const headers = { authorization: 'Bearer T', cookie: 'a=b' };
      return (await fetch(`${gateway.url}/demo/worker/kill?x=1`, { method: 'POST', headers, body: '{}' })).status;
    };
    try {
      expect(await post()).toBe(202);
      expect(heard).toEqual(['POST /demo/worker/kill Bearer T undefined']);
      demo.close();
      demo.closeAllConnections();
      expect(await post()).toBe(503);
    } finally {
      demo.close();
      await gateway.stop();
    }
  });
});
