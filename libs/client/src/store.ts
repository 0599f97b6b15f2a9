import type { Kept } from './machine-io.js';

/**
 * Keeps the position over a reload. Use one only if the page keeps the messages, too: a page that goes on from a position gets
 * what came after it, and nothing of what came before.
 */
export interface PositionStore {
  load(): Promise<Kept | null> | Kept | null;
  save(kept: Kept): Promise<void> | void;
}

/** Keeps it for as long as the tab lives. */
export function sessionStore(name = 'pollcast'): PositionStore {
  return {
    load: () => JSON.parse(sessionStorage.getItem(name) ?? 'null') as Kept | null,
    save: (kept) => sessionStorage.setItem(name, JSON.stringify(kept)),
  };
}

/** Keeps it for as long as the browser keeps the site's data. */
export function indexedDbStore(name = 'pollcast'): PositionStore {
  const result = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
    });
  const opening = () => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('positions');
    return result(request);
  };
  let database: Promise<IDBDatabase> | null = null;
  const positions = async (mode: IDBTransactionMode) =>
    (await (database ??= opening())).transaction('positions', mode).objectStore('positions');
  return {
    load: async () => ((await result((await positions('readonly')).get('kept'))) as Kept | undefined) ?? null,
    save: async (kept) => void (await result((await positions('readwrite')).put(kept, 'kept'))),
  };
}
