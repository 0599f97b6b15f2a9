import type { Broker, Clock, InterestRegistry, PollQueue } from '#core';

/** The store as a gateway needs it. */
export abstract class GatewayStore {
  abstract readonly broker: Broker;
  abstract readonly registry: InterestRegistry;
  abstract readonly queue: PollQueue;
  abstract readonly clock: Clock;
  /** @throws where the store is out of reach */
  abstract start(): Promise<void>;
  /** @param forgot hears that the store lost all that it was told */
  abstract watchDataLoss(forgot: () => Promise<void>): void;
  abstract isWell(): Promise<boolean>;
  abstract stop(): Promise<void>;
}
