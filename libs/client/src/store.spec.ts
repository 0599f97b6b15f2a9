import { sessionStore } from './store.js';

describe('the store of a tab', () => {
  const texts = new Map<string, string>();
  beforeAll(() => {
    const storage = {
      getItem: (name: string) => texts.get(name) ?? null,
      setItem: (name: string, text: string) => void texts.set(name, text),
    };
    Object.defineProperty(globalThis, 'sessionStorage', { value: storage, configurable: true });
  });
  afterAll(() => void Reflect.deleteProperty(globalThis, 'sessionStorage'));

  it('has what was kept under its name, and nothing before', async () => {
    const kept = { position: '0epoch-000000000001', caseIds: ['A'] };
    const [one, other] = [sessionStore('one'), sessionStore('other')];
    expect(await one.load()).toBeNull();
    await one.save(kept);
    expect(await one.load()).toEqual(kept);
    expect(await sessionStore('one').load()).toEqual(kept);
    expect(await other.load()).toBeNull();
  });
});
