/** A bounded memory: of more things than that, the one that was set the longest ago is forgotten. */
export class BoundedMap<K, V> {
  private readonly items = new Map<K, V>();

  /** @param bound how many things are remembered */
  constructor(private readonly bound: number) {}

  get(key: K): V | undefined {
    return this.items.get(key);
  }

  set(key: K, value: V): void {
    // A map keeps its order when a value is replaced: taken out first, the key becomes the newest.
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
}
