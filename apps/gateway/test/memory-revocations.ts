import type { RevocationStore, StoredRevocation } from '../src/auth/revocation-store.js';

/** The revocations of gateways in one process. */
export class MemoryRevocations implements RevocationStore {
  private readonly texts = new Map<string, string>();
  private readonly listeners: ((texts: readonly string[]) => void)[] = [];
  private changes = 0;

  async write(entries: readonly StoredRevocation[], most: number): Promise<boolean> {
    if (this.texts.size + entries.filter(({ id }) => !this.texts.has(id)).length > most) {
      return false;
    }
    entries.forEach(({ id, text }) => this.texts.set(id, text));
    this.changes += 1;
    this.listeners.forEach((heard) => heard(entries.map(({ text }) => text)));
    return true;
  }

  async stamp(): Promise<string | null> {
    return this.changes === 0 ? null : String(this.changes);
  }

  async all(): Promise<readonly StoredRevocation[]> {
    return [...this.texts].map(([id, text]) => ({ id, text }));
  }

  async forget(ids: readonly string[]): Promise<void> {
    ids.forEach((id) => this.texts.delete(id));
  }

  async listen(heard: (texts: readonly string[]) => void): Promise<void> {
    this.listeners.push(heard);
  }
}
