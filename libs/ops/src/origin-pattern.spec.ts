import { OriginPattern, parseOrigin } from './origin-pattern.js';

const matches = (pattern: string, text: string): boolean => {
  const origin = parseOrigin(text);
  return origin !== null && OriginPattern.parse(pattern)?.matches(origin) === true;
};

describe('OriginPattern', () => {
  it.each([
    ['https://app.example', 'https://app.example'],
    ['https://app.example', 'https://app.example:443'],
    ['https://app.example:443', 'wss://app.example'],
    ['https://APP.example', 'https://app.example'],
    ['http://app.example:8080', 'http://app.example:8080'],
    ['https://*.example.com', 'https://a.example.com'],
    ['https://*.example.com', 'https://a.b.example.com'],
    ['https://*.example.com:8443', 'https://a.example.com:8443'],
    ['http://localhost:*', 'http://localhost'],
    ['http://localhost:*', 'http://localhost:5173'],
    ['http://*.localhost:*', 'http://app.localhost:5173'],
    ['http://[::1]:*', 'http://[::1]:5173'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['tauri://localhost', 'tauri://localhost'],
    ['chrome-extension://abcdefghijklmnop', 'chrome-extension://abcdefghijklmnop'],
  ])('%s takes %s', (pattern, origin) => expect(matches(pattern, origin)).toBe(true));

  it.each([
    ['https://app.example', 'http://app.example'],
    ['https://app.example', 'https://app.example:8443'],
    ['https://app.example', 'https://app.example.evil.example'],
    ['https://*.example.com', 'https://example.com'],
    ['https://*.example.com', 'https://evilexample.com'],
    ['https://*.example.com', 'https://a.example.com.evil.example'],
    ['https://*.example.com', 'https://a.example.com:8443'],
    ['https://*.example.com', 'http://a.example.com'],
    ['http://localhost:*', 'https://localhost'],
    ['http://localhost:*', 'http://localhost.evil.example'],
    ['capacitor://localhost', 'http://localhost'],
    ['https://app.example', 'null'],
    ['https://app.example', ''],
    ['https://app.example', 'https://user@app.example'],
    ['https://app.example', 'https://app.example/'],
    ['https://app.example', 'https://app.example, https://app.example'],
  ])('%s does not take %p', (pattern, origin) => expect(matches(pattern, origin)).toBe(false));

  it.each([
    '*',
    'null',
    '',
    'app.example',
    'https://',
    'https://a.example/',
    'https://a.example/path',
    'https://a*.example',
    'https://*.*.example',
    'https://*',
    'https://*.com',
    'https://*.10.0.0.1',
    'https://a.example:80:*',
    'https://user@a.example',
    '*://a.example',
  ])('%p is none', (text) => expect(OriginPattern.parse(text)).toBeNull());
});
