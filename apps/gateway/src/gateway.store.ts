import type { Broker, Clock, InterestRegistry, OlderMessages, PollQueue, UnreadStore } from '#core';
import type { OnFailure } from '#ops';
import type { Overview } from '#redis';
import type { PositionSecrets } from '#protocol';
import type { OperatorStore } from './admin/operator-store.js';
import type { RevocationStore } from './auth/revocation-store.js';
import type { Offers } from './lifecycle/offers.js';
import type { ConnectionCounts } from './session/connection-counts.js';

/** The store as a gateway needs it. */
export abstract class GatewayStore implements PositionSecrets {
  abstract readonly broker: Broker;
  abstract readonly registry: InterestRegistry;
  abstract readonly queue: PollQueue;
  abstract readonly older: OlderMessages;
  abstract readonly unread: Pick<UnreadStore, 'want'>;
  abstract readonly clock: Clock;
  abstract readonly counts: ConnectionCounts;
  abstract readonly offers: Offers;
  abstract readonly positionSecrets: readonly string[];
  abstract readonly revocations: RevocationStore;
  abstract readonly operators: OperatorStore;
  /** @throws if the store is out of reach */
  abstract start(): Promise<void>;
  /** @param forgot called when the store has lost its data */
  abstract watchDataLoss(forgot: () => Promise<void>): void;
  /** @param onPolicy gets, now and then, the policy that lets the store evict what it holds; null: none does */
  abstract watchEviction(onPolicy: (policy: string | null) => void): void;
  /** @param report gets, now and then, the state of the whole deployment */
  abstract watchOverview(report: (overview: Overview) => void): void;
  /** Whether it answers, and refuses nothing that a gateway needs. */
  abstract isWell(): Promise<boolean>;
  /**
   * Where failures go that may be the store's.
   *
   * @param part of the gateway, which a line names
   * @param text of a line about another failure than the store's
   */
  abstract onFailure(part: string, level?: 'warn' | 'error', text?: string): OnFailure;
  abstract stop(): Promise<void>;
}
