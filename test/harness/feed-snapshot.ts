/** A connection to Redis. */
interface Evaluates {
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** Everything that Redis holds of a feed's tickets and sets, read at one instant. */
const READ = `
  local base = ARGV[1]
  local function pairs_of(key) return redis.call('ZRANGE', base .. key, 0, -1, 'WITHSCORES') end
  local sets = {}
  for _, key in ipairs(redis.call('KEYS', base .. 'set:*')) do
    local row = redis.call('HMGET', key, 'members', 'joining')
    sets[#sets + 1] = string.sub(key, #base + 5)
    sets[#sets + 1] = row[1] .. '\\n' .. row[2]
  end
  return { redis.call('ZRANGE', base .. 'interest', 0, -1), redis.call('HGETALL', base .. 'place'),
    pairs_of('apart'), pairs_of('sizes'), redis.call('ZRANGE', base .. 'due', 0, -1), sets }
`;

/** A feed's tickets and sets as they were at one instant. */
export class FeedSnapshot {
  private constructor(
    private readonly wanted: readonly string[],
    private readonly place: ReadonlyMap<string, string>,
    /**
     * Quarantined tickets, and when each is polled again, ms since 1970; infinite while it is polled in a set of its
     * own.
     */
    private readonly quarantined: ReadonlyMap<string, number>,
    private readonly sizes: ReadonlyMap<string, number>,
    private readonly due: readonly string[],
    private readonly sets: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** @param base what the feed's keys begin with */
  static async read(client: Evaluates, base: string): Promise<FeedSnapshot> {
    const answer = await client.eval(READ, 1, `${base}feed`, base);
    const [interest, place, quarantined, sizes, due, sets] = answer as [
      string[],
      string[],
      string[],
      string[],
      string[],
      string[],
    ];
    return new FeedSnapshot(
      interest,
      new Map(pairs(place)),
      new Map(pairs(quarantined).map(([caseId, until]) => [caseId, until === 'inf' ? Infinity : Number(until)])),
      new Map(pairs(sizes).map(([id, size]) => [id, Number(size)])),
      due,
      new Map(pairs(sets).map(([id, list]) => [id, list.split('\n').filter((caseId) => caseId !== '')])),
    );
  }

  get setCount(): number {
    return this.sets.size;
  }

  /**
   * Number of sets beyond the fewest that can hold the tickets. A ticket that was quarantined has a set of its own
   * until the upstream answers for it; such sets do not count.
   */
  excess(setMax: number): number {
    const tried = [...this.quarantined.values()].filter((until) => until === Infinity).length;
    return this.sets.size - tried - Math.ceil((this.place.size - tried) / setMax);
  }

  /** Faults that must not exist at any instant: a ticket in two sets or none, a set that differs from its indexes. */
  faults(setMax: number): string[] {
    const found: string[] = [];
    const homes = new Map<string, string[]>();
    for (const [id, caseIds] of this.sets) {
      caseIds.forEach((caseId) => homes.set(caseId, [...(homes.get(caseId) ?? []), id]));
      if (caseIds.length === 0 || caseIds.length > setMax) found.push(`set ${id} has ${caseIds.length} tickets`);
      if (caseIds.length !== this.sizes.get(id)) found.push(`set ${id} is said to have ${this.sizes.get(id)} tickets`);
    }
    for (const caseId of new Set([...this.wanted, ...this.place.keys(), ...homes.keys()])) {
      const waits = (this.quarantined.get(caseId) ?? Infinity) < Infinity;
      const wanted = this.wanted.includes(caseId) && !waits;
      const ids = homes.get(caseId) ?? [];
      const right = wanted ? ids.length === 1 && ids[0] === this.place.get(caseId) : !this.place.has(caseId) && !ids[0];
      if (!right) {
        found.push(`${caseId} (${wanted ? 'wanted' : 'not wanted, or quarantined'}) lies in sets ${ids.join()}`);
      }
    }
    const ids = [...this.sets.keys()].sort().join();
    if ([...this.sizes.keys()].sort().join() !== ids) found.push('sizes are of other sets');
    if ([...this.due].sort().join() !== ids) found.push('due times are of other sets');
    return found;
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);
}
