/** A revocation as the store keeps it. */
export interface StoredRevocation {
  readonly id: string;
  readonly text: string;
}

/** The revocations of a deployment. All gateways share it. */
export interface RevocationStore {
  /**
   * Writes revocations, and tells every gateway. What fails is not carried out later either.
   *
   * @param most how many there may be
   * @param keptUntil when the last of these ends, ms since 1970
   * @returns whether there was room
   * @throws if the store does not answer
   */
  write(entries: readonly StoredRevocation[], most: number, keptUntil: number): Promise<boolean>;
  /** Another one after each change; null if there is no list. @throws as {@link write} */
  stamp(): Promise<string | null>;
  /** @throws as {@link write} */
  all(): Promise<readonly StoredRevocation[]>;
  /** Removes revocations that have ended. @throws as {@link write} */
  forget(ids: readonly string[]): Promise<void>;
  /** @param heard called with the texts that a gateway has written @throws as {@link write} */
  listen(heard: (texts: readonly string[]) => void): Promise<void>;
}
