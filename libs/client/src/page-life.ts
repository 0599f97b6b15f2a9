/** How often the clock is looked at, and a jump of it that means that the computer has slept, ms. */
const LOOK_MS = 10_000;
const JUMP_MS = 30_000;

/**
 * Tells when the page's network goes and comes, and when the page comes back from being frozen, hidden or asleep. A page that is
 * put aside for the way back counts as one without a network: with an open connection, browsers do not keep it.
 */
export function watchPage(tell: (type: 'online' | 'offline' | 'resumed') => void): () => void {
  if (typeof addEventListener !== 'function' || typeof document === 'undefined') return () => undefined;
  const stop = new AbortController();
  const { signal } = stop;
  const resumed = () => tell(globalThis.navigator?.onLine === false ? 'offline' : 'resumed');
  addEventListener('online', () => tell('online'), { signal });
  for (const name of ['offline', 'pagehide']) addEventListener(name, () => tell('offline'), { signal });
  addEventListener('pageshow', resumed, { signal });
  document.addEventListener('resume', resumed, { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && resumed(), { signal });
  let looked = Date.now();
  const timer = setInterval(() => {
    const before = looked;
    looked = Date.now();
    if (looked - before > JUMP_MS) resumed();
  }, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  return () => stop.abort();
}
