import fc from 'fast-check';
import { PositionIds } from './position-ids.js';

const POSITION = { epoch: '0abcdefgh', offset: 7 };

const gateway = (...positionSecrets: string[]) => new PositionIds({ positionSecrets });

describe('PositionIds', () => {
  const ids = gateway('a secret');

  it.each([[undefined], [null], ['']])('name no position with %p', (text) => {
    expect(ids.resumeFrom(text)).toEqual({ kind: 'start' });
  });

  it('read any other text as an unknown position', () => {
    for (const text of ['7', 'nonsense', '0abcdefgh-000000000007-', '0abcdefgh-000000000007-tooshort', '0abcdefgh-7']) {
      expect([text, ids.resumeFrom(text)]).toEqual([text, { kind: 'unknown' }]);
    }
  });

  it('prove the positions that a gateway with the same secret gave, and are the same there', () => {
    const id = gateway('a secret').idOf(POSITION);
    expect(id).toBe(ids.idOf(POSITION));
    expect(ids.resumeFrom(id)).toEqual({ kind: 'position', position: POSITION, isProven: true });
  });

  it('do not prove a position that a client invents, whichever id it has seen', () => {
    const seen = ids.idOf(POSITION);
    const invented = { ...POSITION, offset: 8 };
    const from = { kind: 'position', position: invented, isProven: false };
    expect(ids.resumeFrom('0abcdefgh-000000000008')).toEqual(from);
    expect(ids.resumeFrom(seen.replace('7-', '8-'))).toEqual(from);
    expect(ids.resumeFrom(gateway('another secret').idOf(invented))).toEqual(from);
  });

  it('prove no position whose text or signature was changed', () => {
    const id = ids.idOf({ epoch: '0mwtcnjrpo8nsa', offset: 123_456 });
    const letters = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_');
    fc.assert(
      fc.property(fc.nat(id.length - 1), letters, (at, letter) => {
        fc.pre(id[at] !== letter);
        const from = ids.resumeFrom(id.slice(0, at) + letter + id.slice(at + 1));
        expect(from).not.toMatchObject({ isProven: true });
      }),
    );
  });

  it('grow as text with the offset, in at most 64 characters', () => {
    const offsets = fc.nat(999_999_999);
    const epoch = 'z'.repeat(24);
    fc.assert(
      fc.property(offsets, offsets, (one, other) => {
        const [a, b] = [one, other].map((offset) => ids.idOf({ epoch, offset }));
        expect((a ?? '') < (b ?? '')).toBe(one < other);
        expect(a).toMatch(/^[0-9A-Za-z_-]{49}$/);
      }),
    );
  });

  it('are signed with the newest secret, and proven by the one before it, too', () => {
    const secrets = { positionSecrets: ['old'] as readonly string[] };
    const changing = new PositionIds(secrets);
    const old = changing.idOf(POSITION);
    secrets.positionSecrets = ['new', 'old'];
    expect(changing.idOf(POSITION)).toBe(gateway('new').idOf(POSITION));
    expect(changing.resumeFrom(old)).toMatchObject({ isProven: true });
    expect(gateway('new').resumeFrom(old)).toMatchObject({ isProven: false });
  });
});
