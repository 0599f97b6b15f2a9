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

/** Makes the header fields that authenticate requests to the upstream. */
export interface Authenticator {
  /**
   * The headers for a request; not a promise if they are known already.
   *
   * @throws {UpstreamFailure} if there are none now
   */
  headers(request: RequestLine): AuthHeaders | Promise<AuthHeaders>;
  /** The upstream refused these headers with 401. @returns whether a second request with new headers makes sense */
  rejected(headers: AuthHeaders): boolean;
}
