import type { Clock } from '#core';
import { readRevocation, revocationText, type Revocation } from './revocation.js';
import type { RevocationStore, StoredRevocation } from './revocation-store.js';
import type { Revocations } from './revocations.js';

/** Most revocations of a deployment, lifted ones included. Every gateway keeps all of them in memory. */
export const REVOCATIONS_MAX = 10_000;

export interface RevocationListParts {
  readonly revocations: Revocations;
  readonly store: RevocationStore;
  readonly clock: Clock;
  /** Called when rights ended or came back. */
  readonly onChange: () => void;
  /** Called after each comparison with the store; null: it succeeded. */
  readonly onCompared: (failure: unknown) => void;
}

/**
 * Keeps the revocations of this gateway equal to those of all gateways. The store tells it of changes. Twice a second it
 * also looks whether it has missed one, and gives a store that has lost some what it knows.
 */
export class RevocationList {
  /** Resolves when the store was read for the first time. Before that no token is known to be valid. */
  readonly known: Promise<void>;
  /** Whether the store was read. */
  isKnown = false;
  private becomeKnown: () => void = () => undefined;
  private isListening = false;
  /** The state of the store that is known here; undefined: none yet. */
  private stamp: string | null | undefined;

  constructor(private readonly parts: RevocationListParts) {
    this.known = new Promise((resolve) => (this.becomeKnown = resolve));
  }

  /** Compares with the store. To be called twice a second. */
  async check(): Promise<void> {
    try {
      await this.compare();
      this.parts.onCompared(null);
    } catch (error) {
      this.parts.onCompared(error);
    }
  }

  /** Compares with the store now. @throws if the store does not answer */
  async compare(): Promise<void> {
    await this.listen();
    const { revocations, store, clock } = this.parts;
    const stamp = await store.stamp();
    if (stamp !== this.stamp) {
      await this.load();
      this.stamp = stamp;
    }
    this.isKnown = true;
    this.becomeKnown();
    const ended = revocations.prune(clock.now());
    if (ended.length > 0) {
      await store.forget(ended);
      this.parts.onChange();
    }
  }

  /**
   * Adds or replaces a revocation, at all gateways.
   *
   * @returns whether there was room
   * @throws if the store does not answer; then nothing took effect
   */
  async put(revocation: Revocation): Promise<boolean> {
    const hasRoom = await this.parts.store.write([stored(revocation)], REVOCATIONS_MAX, revocation.until);
    if (hasRoom) {
      this.merge([revocation]);
    }
    return hasRoom;
  }

  private async load(): Promise<void> {
    const { revocations, store } = this.parts;
    const entries = await store.all();
    this.merge(entries.map(({ text }) => readRevocation(text)));
    const texts = new Map(entries.map(({ id, text }) => [id, text]));
    const lost = revocations.all.map(stored).filter(({ id, text }) => texts.get(id) !== text);
    const last = revocations.all.reduce((latest, { until }) => Math.max(latest, until), 0);
    if (lost.length > 0 && !(await store.write(lost, REVOCATIONS_MAX, last))) {
      throw new Error(`the store has lost revocations, and has no room for them beside ${REVOCATIONS_MAX} others`);
    }
  }

  private hear(texts: readonly string[]): void {
    try {
      this.merge(texts.map(readRevocation));
    } catch (error) {
      this.parts.onCompared(error); // The next comparison reads it again, and tells it again.
    }
  }

  private async listen(): Promise<void> {
    if (!this.isListening) {
      await this.parts.store.listen((texts) => this.hear(texts));
      this.isListening = true;
    }
  }

  private merge(revocations: readonly Revocation[]): void {
    if (this.parts.revocations.merge(revocations)) {
      this.parts.onChange();
    }
  }
}

function stored(revocation: Revocation): StoredRevocation {
  return { id: revocation.id, text: revocationText(revocation) };
}
