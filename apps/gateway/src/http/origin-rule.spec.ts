import type { IncomingMessage } from 'node:http';
import { OriginRule } from './origin-rule.js';

describe('OriginRule', () => {
  const rule = new OriginRule(['https://app.example']);
  const allows = (origin: string | undefined, host = 'push.example') =>
    rule.allows({ headers: { host, ...(origin !== undefined && { origin }) } } as IncomingMessage);

  it.each([[undefined], ['https://app.example'], ['https://push.example'], ['http://push.example']])(
    'lets %s in',
    (origin) => expect(allows(origin)).toBe(true),
  );

  it.each([
    ['https://evil.example'],
    ['https://app.example.evil.example'],
    ['http://app.example'],
    ['https://push.example:8443'],
    ['null'],
    [''],
    ['nonsense'],
  ])('keeps %p out', (origin) => expect(allows(origin)).toBe(false));

  it('compares ports', () => expect(allows('http://push.example:3000', 'push.example:3000')).toBe(true));
});
