import { createHash } from 'node:crypto';
import { identify } from './fingerprint.js';

const digest = (text: string) => `<${text}>`;

describe('identify', () => {
  it('identifies a message by all of its fields, whatever their order', () => {
    const [one] = identify([{ content: 'x', type: 1 }], digest);
    expect(identify([{ type: 1, content: 'x' }], digest)).toEqual([one]);
    expect(identify([{ type: 0, content: 'x' }], digest)).not.toEqual([one]);
    expect(identify([{ type: 1, content: 'x', added: null }], digest)).not.toEqual([one]);
  });

  it('counts equal messages', () => {
    const names = identify([{ a: 1 }, { a: 2 }, { a: 1 }], digest);
    expect(names).toEqual(['<{"a":1}>.1', '<{"a":2}>.1', '<{"a":1}>.2']);
  });

  it('gives the same identities in whatever order the answer lists the messages', () => {
    const messages = [{ a: 1 }, { a: 2 }, { a: 1 }, { a: 3 }];
    expect(new Set(identify(messages.toReversed(), digest))).toEqual(new Set(identify(messages, digest)));
  });

  it('never changes its text: identities that another release wrote are in Redis', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);
    const message = { type: 1, content: 'hello', accessory_list: [{ accessory_id: 'a', size: null }], replier: 'x' };
    expect(identify([message, message], sha)).toEqual(['Id6OXuOiwvJ-ZfZ9m-KVnb.1', 'Id6OXuOiwvJ-ZfZ9m-KVnb.2']);
  });
});
