import { type IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { OriginRule } from './origin-rule.js';
import { OwnOrigins } from './own-origin.js';

const ALLOWED = ['https://app.example', 'https://*.example.com', 'capacitor://localhost', 'http://localhost:*'];
const PROXY = '10.1.2.3';

interface Setup {
  readonly publicUrl?: string;
  readonly trustProxy?: readonly string[];
}

const ruleFor = ({ publicUrl = '', trustProxy = [] }: Setup = {}) =>
  new OriginRule(ALLOWED, new OwnOrigins(publicUrl, trustProxy));
const request = (headers: IncomingHttpHeaders, remoteAddress = PROXY) =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe('OriginRule', () => {
  it('lets pages of allowed origins read answers, and no others, its own ones among them', () => {
    const readable = (origin?: string) =>
      ruleFor().readableBy(request({ host: 'push.example', ...(origin !== undefined && { origin }) }));
    expect(readable('https://team.example.com')).toMatchObject({
      'access-control-allow-origin': 'https://team.example.com',
      'access-control-allow-credentials': 'true',
    });
    const others = [undefined, 'https://evil.example', 'https://push.example', 'null', 'nonsense'];
    expect(others.map(readable)).toEqual(others.map(() => null));
  });

  it.each<[string | undefined, string | undefined]>([
    ['authorization, x-trace', 'authorization, x-trace'],
    [`x${'y'.repeat(1023)}`, `x${'y'.repeat(1023)}`],
    [`x${'y'.repeat(1024)}`, undefined],
    ['a b', undefined],
    ['a\r\nset-cookie: b', undefined],
    [undefined, undefined],
  ])('answers a preflight that asks for %.20p, for each origin and what it asks for', (asked, allowed) => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const fields = asked === undefined ? {} : { 'access-control-request-headers': asked };
    ruleFor().preflight(request(fields), response);
    expect(response.statusCode).toBe(204);
    expect(response.getHeaders()).toMatchObject({
      ...{ vary: 'Origin, Access-Control-Request-Headers', 'access-control-max-age': 600 },
      'access-control-allow-methods': expect.stringMatching(/^GET, HEAD, POST/),
    });
    expect(response.getHeader('access-control-allow-headers')).toBe(allowed);
  });

  it.each<[string | undefined, string]>([
    [undefined, 'push.example'],
    ['https://app.example', 'push.example'],
    ['https://team.example.com', 'push.example'],
    ['capacitor://localhost', 'push.example'],
    ['http://localhost:5173', 'push.example'],
    ['https://push.example', 'push.example'],
    ['http://push.example', 'push.example'],
    ['http://push.example:3000', 'push.example:3000'],
    // What iOS sends, and what proxies send with `$host:$server_port`.
    ['wss://push.example', 'push.example'],
    ['https://push.example', 'push.example:443'],
    ['wss://push.example', 'push.example:443'],
    ['http://push.example', 'push.example:80'],
    ['https://push.example:443', 'push.example'],
    ['https://PUSH.example', 'push.EXAMPLE'],
    ['http://[::1]:3000', '[::1]:3000'],
  ])('lets %s in at %s', (origin, host) => {
    expect(ruleFor().allows(request({ host, ...(origin !== undefined && { origin }) }))).toBe(true);
  });

  it.each([
    ['https://evil.example', 'push.example'],
    ['https://app.example.evil.example', 'push.example'],
    ['https://evilexample.com', 'push.example'],
    ['http://app.example', 'push.example'],
    ['https://push.example:8443', 'push.example'],
    ['https://push.example', 'push.example:80'],
    ['http://push.example', 'push.example:443'],
    ['null', 'push.example'],
    ['null', 'null'],
    ['', 'push.example'],
    ['nonsense', 'nonsense'],
    ['tauri://localhost', 'localhost'],
    ['https://push.example', ''],
  ])('keeps %p out at %p', (origin, host) => expect(ruleFor().allows(request({ host, origin }))).toBe(false));

  it.each<[string, IncomingHttpHeaders]>([
    ['X-Forwarded-Host', { 'x-forwarded-host': 'push.example:8443', 'x-forwarded-proto': 'https' }],
    ['the first of several', { 'x-forwarded-host': 'push.example:8443, inner', 'x-forwarded-proto': 'https, http' }],
    ['X-Forwarded-Port', { 'x-forwarded-host': 'push.example', 'x-forwarded-port': '8443' }],
    ['Forwarded', { forwarded: 'for=1.2.3.4;proto=https;host="push.example:8443", for=10.0.0.1;host=inner' }],
    ['the scheme alone', { host: 'push.example:8443', 'x-forwarded-proto': 'https' }],
  ])('believes a trusted proxy, and nobody else: %s', (_what, headers) => {
    const asked = { host: 'inner:3000', ...headers, origin: 'https://push.example:8443' };
    expect(ruleFor({ trustProxy: ['10.0.0.0/8'] }).allows(request(asked))).toBe(true);
    expect(ruleFor({ trustProxy: ['10.0.0.0/8'] }).allows(request(asked, `::ffff:${PROXY}`))).toBe(true);
    const isByHost = headers.host !== undefined;
    expect(ruleFor({ trustProxy: ['loopback'] }).allows(request(asked))).toBe(isByHost);
    expect(ruleFor().allows(request(asked))).toBe(isByHost);
  });

  it('uses the scheme that a trusted proxy names', () => {
    const rule = ruleFor({ trustProxy: [PROXY] });
    const asked = { host: 'push.example', 'x-forwarded-proto': 'https' };
    expect(rule.allows(request({ ...asked, origin: 'http://push.example' }))).toBe(false);
    expect(rule.allows(request({ ...asked, origin: 'https://push.example', forwarded: ';;;' }))).toBe(true);
  });

  it('uses PUBLIC_URL, whatever the headers of a request are', () => {
    const rule = ruleFor({ publicUrl: 'https://push.example/', trustProxy: [PROXY] });
    const asked = { host: 'inner:3000', 'x-forwarded-host': 'other.example' };
    expect(rule.allows(request({ ...asked, origin: 'https://push.example' }))).toBe(true);
    expect(rule.allows(request({ ...asked, origin: 'https://other.example' }))).toBe(false);
    expect(rule.allows(request({ ...asked, origin: 'http://inner:3000' }))).toBe(false);
  });

  it('names both values and what to set when it refuses', () => {
    const refused = (headers: IncomingHttpHeaders, setup?: Setup) => () => ruleFor(setup).check(request(headers));
    expect(refused({ host: 'inner:3000', origin: 'https://push.example' })).toThrow(
      "the page's origin is https://push.example, and the gateway's own is inner:3000 (from Host): " +
        'add the page to ALLOWED_ORIGINS, or, where a proxy changes Host, set PUBLIC_URL or TRUST_PROXY',
    );
    const forwarded = { 'x-forwarded-host': 'push.example', 'x-forwarded-proto': 'https' };
    expect(refused({ ...forwarded, origin: 'http://push.example' }, { trustProxy: [PROXY] })).toThrow(
      "the gateway's own is https://push.example (from X-Forwarded-Host)",
    );
    expect(refused({ host: 'push.example', origin: `https://${'x'.repeat(10_000)}.example` })).toThrow(/^.{0,500}$/);
    expect(refused({ host: 'push.example', origin: 'null' })).toThrow('Origin: null');
  });
});
