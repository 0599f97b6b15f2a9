import { isAbout, type Revocation } from './revocation.js';
import type { Rights } from './rights.js';

/** All revocations that this gateway knows, by what they are about. It answers without waiting. */
export class Revocations {
  private readonly known = new Map<string, Revocation>();
  private readonly bySubject = new Map<string, Revocation[]>();
  private readonly byToken = new Map<string, Revocation[]>();
  /** Those that name neither a subject nor a token. */
  private ofAll: Revocation[] = [];

  /** All that have not ended, lifted ones too. */
  get all(): readonly Revocation[] {
    return [...this.known.values()];
  }

  /** Those that are in effect, in the order in which they were made. */
  get inEffect(): readonly Revocation[] {
    return this.all
      .filter(({ lifted_by }) => lifted_by === undefined)
      .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  }

  find(id: string): Revocation | undefined {
    return this.known.get(id);
  }

  /** Adds what another source knows. One that was lifted stays lifted. @returns whether anything changed */
  merge(others: readonly Revocation[]): boolean {
    const added = others.filter(({ id, lifted_by }) => {
      const known = this.known.get(id);
      return known === undefined || (known.lifted_by === undefined && lifted_by !== undefined);
    });
    added.forEach((revocation) => this.known.set(revocation.id, revocation));
    return this.changed(added.length > 0);
  }

  /** Removes those that have ended. @returns their ids */
  prune(now: number): readonly string[] {
    const ended = this.all.filter(({ until }) => until <= now).map(({ id }) => id);
    ended.forEach((id) => this.known.delete(id));
    this.changed(ended.length > 0);
    return ended;
  }

  /** What is left of the rights that a token grants; null if nothing is, because the token itself was revoked. */
  limit(rights: Rights): Rights | null {
    if (this.known.size === 0) {
      return rights.granted;
    }
    const { subject, tokenId } = rights;
    const found = [
      ...((subject !== null && this.bySubject.get(subject)) || []),
      ...((tokenId !== null && this.byToken.get(tokenId)) || []),
      ...this.ofAll,
    ].filter((revocation) => isAbout(revocation, rights));
    if (found.some(({ case_ids }) => case_ids === undefined)) {
      return null;
    }
    return rights.without(found.flatMap(({ case_ids = [] }) => case_ids));
  }

  private changed(isChanged: boolean): boolean {
    if (isChanged) {
      this.index();
    }
    return isChanged;
  }

  private index(): void {
    this.bySubject.clear();
    this.byToken.clear();
    this.ofAll = [];
    for (const revocation of this.inEffect) {
      const { jti, sub } = revocation;
      if (jti !== undefined) {
        append(this.byToken, jti, revocation);
      } else if (sub !== undefined) {
        append(this.bySubject, sub, revocation);
      } else {
        this.ofAll.push(revocation);
      }
    }
  }
}

function append(map: Map<string, Revocation[]>, key: string, revocation: Revocation): void {
  const found = map.get(key);
  if (found === undefined) {
    map.set(key, [revocation]);
  } else {
    found.push(revocation);
  }
}
