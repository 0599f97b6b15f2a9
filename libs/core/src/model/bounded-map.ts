/** A map with a bound. When it is full, a new key replaces the key that was set the longest ago. */
export class BoundedMap<K, V> {
  private readonly items = new Map<K, V>();

  /** @param bound largest number of keys, at least 1 */
  constructor(private readonly bound: number) {}

  get(key: K): V | undefined {
    return this.items.get(key);
  }

  set(key: K, value: V): void {
    // A Map does not move a key whose value is replaced. Deleted first, the key becomes the newest one.
    this.items.delete(key);
    this.items.set(key, value);
    if (this.items.size > this.bound) {
      const [oldest] = this.items.keys();
      this.items.delete(oldest ?? key);
    }
  }

  delete(key: K): void {
    this.items.delete(key);
  }

  clear(): void {
    this.items.clear();
  }
}
