/** A random id. `randomUUID` is missing on pages without TLS. */
export function newId(): string {
  const part = () => Math.random().toString(36).slice(2);
  return globalThis.crypto?.randomUUID?.() ?? Array.from({ length: 4 }, part).join('');
}
