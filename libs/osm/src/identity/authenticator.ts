import type { UpstreamFailure } from '#core';

/** The parts of a request that its authentication depends on. */
export interface RequestLine {
  readonly method: 'GET' | 'POST';
  /** The value of the header `Host`. */
  readonly host: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
}

/** Header names, lower case, and values. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** When a token was issued, and when it ends, ms since 1970. */
export interface TokenValidity {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Makes the header fields that authenticate requests to the upstream. */
export interface Authenticator {
  /**
   * The headers for a request; not a promise if they are known already. The caller must call {@link settled} with them.
   *
   * @throws {UpstreamFailure} if there are none now
   */
  headers(request: RequestLine): AuthHeaders | Promise<AuthHeaders>;
  /**
   * The request with these headers has ended.
   *
   * @param failure null: it was answered
   * @returns whether a second request with new headers makes sense
   */
  settled(headers: AuthHeaders, failure: UpstreamFailure | null): boolean;
  /** The token in use, if its times are known. */
  readonly token?: TokenValidity | null;
  /**
   * Logs in, unless there is a token. Absent if there is no login.
   *
   * @throws {UpstreamFailure} if no token is available
   */
  logIn?(): Promise<void>;
}
