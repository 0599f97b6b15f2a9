import { RunningSimulator } from '../../test/running-simulator.js';

let simulator: RunningSimulator;
beforeEach(async () => {
  const SIMULATOR_TOKENS = JSON.stringify({ alice: ['TS1', 'TS2'], carol: ['*'] });
  simulator = await RunningSimulator.start({ SIMULATOR_TOKEN: 'fixed', SIMULATOR_TOKENS });
});
afterEach(() => simulator.close());

const answerTo = async (token: string, ...caseIds: string[]) => {
  const answer = await simulator.fetchMessages(caseIds, { headers: { 'X-Auth-Token': token } });
  const { error_code } = (await answer.json()) as { error_code?: string };
  return [answer.status, error_code];
};

describe('a token that may read some tickets only', () => {
  it('is answered for these, and the whole request is refused for another one', async () => {
    expect(await answerTo('alice', 'TS1', 'TS2')).toEqual([200, undefined]);
    expect(await answerTo('alice', 'TS1', 'TS3')).toEqual([403, 'OSM.01010002']);
    expect(await answerTo('carol', 'TS3')).toEqual([200, undefined]);
    expect(await answerTo('fixed', 'TS3')).toEqual([200, undefined]);
    expect(await answerTo('mallory', 'TS1')).toEqual([401, 'APIGW.0301']);
  });

  it('may read others, or nothing, from the next request on', async () => {
    expect(await simulator.control('PUT', 'tokens', { alice: ['TS3'] })).toEqual({ alice: ['TS3'] });
    expect(await answerTo('alice', 'TS1')).toEqual([403, 'OSM.01010002']);
    expect(await answerTo('alice', 'TS3')).toEqual([200, undefined]);
    await simulator.control('PUT', 'tokens', {});
    expect(await answerTo('alice', 'TS3')).toEqual([401, 'APIGW.0301']);
    await simulator.control('POST', 'reset');
    expect(await simulator.control('GET', 'tokens')).toEqual({ alice: ['TS1', 'TS2'], carol: ['*'] });
  });

  it('is refused in another form, in words without the token', async () => {
    const refused = await simulator.fetchControl('PUT', 'tokens', { 'token-of-dave': 'TS1' });
    expect(refused.status).toBe(400);
    expect(await refused.text()).not.toContain('dave');
  });
});
