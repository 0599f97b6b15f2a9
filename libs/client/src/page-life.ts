/** Tells when the page's network goes and comes, and when the page comes back from being frozen or hidden. */
export function watchPage(tell: (type: 'online' | 'offline' | 'resumed') => void): () => void {
  if (typeof addEventListener !== 'function' || typeof document === 'undefined') return () => undefined;
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener('online', () => tell('online'), { signal });
  addEventListener('offline', () => tell('offline'), { signal });
  addEventListener('pageshow', () => tell('resumed'), { signal });
  document.addEventListener('resume', () => tell('resumed'), { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && tell('resumed'), {
    signal,
  });
  return () => stop.abort();
}
