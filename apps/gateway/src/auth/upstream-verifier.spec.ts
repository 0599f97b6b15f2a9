import type { Rights } from './rights.js';
import type { TokenKnowledge } from './upstream-rights.js';
import { UpstreamVerifier } from './upstream-verifier.js';

const FEED = { language: 'zh-cn' };
const many = (count: number) => Array.from({ length: count }, (_, index) => `T${index}`);

describe('the answers that are kept of own tokens', () => {
  it('are forgotten of the tokens that were used longest ago where all have more than 200,000 tickets', async () => {
    let time = 0;
    const verifier = new UpstreamVerifier(null as never, 600_000, () => time);
    const rightsOf = (token: string) => verifier.verify(token);
    const known: Rights[] = [];
    for (let index = 0; index < 11; index += 1) {
      const rights = await rightsOf(`token-${index}`);
      known.push(rights);
      (Reflect.get(rights, 'known') as TokenKnowledge).verdicts.answered(FEED, many(20_000), true);
    }
    const left = async () => {
      const again = await Promise.all(known.map((_, index) => rightsOf(`token-${index}`)));
      return again.map((rights) => rights.knows(FEED, ['T0']));
    };
    expect(await left()).toEqual(known.map(() => true)); // They are counted once a second.
    time = 1000;
    await rightsOf('another');
    expect(await left()).toEqual([false, ...known.slice(1).map(() => true)]);
  });
});
