import { SharedMetrics } from './shared-metrics.js';

describe('SharedMetrics', () => {
  let begun: { end(text: string): void; fail(error: Error): void }[];
  let shared: SharedMetrics;
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    begun = [];
    const metrics = () => new Promise<string>((end, fail) => begun.push({ end, fail }));
    shared = new SharedMetrics({ metrics });
  });

  it('writes one text for all who ask at the same time, and its bytes are there once', async () => {
    const texts = [shared.text(), shared.text(), shared.text()];
    await settled();
    expect(begun).toHaveLength(1);
    begun[0]?.end('up 1\n');
    const [first, ...others] = await Promise.all(texts);
    expect(String(first)).toBe('up 1\n');
    expect(others.every((other) => other === first)).toBe(true);
  });

  it('begins another text for those who ask while one is written, and not before that has ended', async () => {
    const first = shared.text();
    await settled();
    const later = [shared.text(), shared.text()];
    await settled();
    expect(begun).toHaveLength(1);
    begun[0]?.end('old');
    expect(String(await first)).toBe('old');
    await settled();
    expect(begun).toHaveLength(2);
    begun[1]?.end('new');
    expect((await Promise.all(later)).map(String)).toEqual(['new', 'new']);
  });

  it('goes on after a text that could not be written', async () => {
    const broken = expect(shared.text()).rejects.toThrow('broken');
    await settled();
    begun[0]?.fail(new Error('broken'));
    await broken;
    const next = shared.text();
    await settled();
    begun[1]?.end('up 1\n');
    expect(String(await next)).toBe('up 1\n');
  });
});
