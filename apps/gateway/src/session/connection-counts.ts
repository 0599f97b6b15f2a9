/** How many connections each subject has on each gateway. All gateways share it. */
export interface ConnectionCounts {
  /**
   * Counts one more connection, if there are fewer than `most` on all gateways.
   *
   * @param own how many this gateway has without it
   * @returns whether it is counted @throws if the store does not answer
   */
  add(subject: string, own: number, most: number): Promise<boolean>;
  /** How many this gateway has, from now on. @throws if the store does not answer */
  set(subject: string, own: number): Promise<void>;
  /**
   * Without it, what this gateway has is not counted any more after some seconds. To be called every second.
   *
   * @returns false if every number has to be set again @throws if the store does not answer
   */
  renew(): Promise<boolean>;
  /** Tells the other gateways that a client waits for its subject to have fewer connections. @throws as {@link set} */
  tellFull(subject: string, clientId: string | null): Promise<void>;
  /** @param listener called when another gateway calls {@link tellFull} @throws as {@link set} */
  listen(listener: (subject: string, clientId: string | null) => void): Promise<void>;
}
