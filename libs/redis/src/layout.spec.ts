import type { RedisClient } from './connection.js';
import { Keys } from './keys.js';
import { checkLayout, LAYOUT } from './layout.js';

describe('checkLayout', () => {
  const keys = new Keys('p');
  /** @param meanwhile what another program writes after the first look */
  const redis = (found: string | null, meanwhile: string | null = null) => {
    const state = { value: found };
    const client = {
      get: async () => {
        const { value } = state;
        state.value ??= meanwhile;
        return value;
      },
      set: async (_key: string, value: number, mode?: string) => {
        if (mode !== 'NX' || state.value === null) state.value = String(value);
      },
    };
    return { state, check: () => checkLayout(client as unknown as RedisClient, keys) };
  };

  it('writes the layout of this release where Redis has none', async () => {
    const { state, check } = redis(null);
    await check();
    await check();
    expect(state.value).toBe(String(LAYOUT));
  });

  it.each([
    ['another one', String(LAYOUT + 1), null],
    ['an older one', '0', null],
    ['one that another program has written meanwhile', null, String(LAYOUT + 1)],
  ])('refuses %s, and leaves it', async (_, found, meanwhile) => {
    const { state, check } = redis(found, meanwhile);
    await expect(check()).rejects.toThrow('Redis holds layout');
    expect(state.value).toBe(found ?? meanwhile);
  });

  it('shows little of a strange one', async () => {
    await expect(redis('x'.repeat(500)).check()).rejects.toThrow(`layout ${'x'.repeat(20)} of the keys`);
  });
});
