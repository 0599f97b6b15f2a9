/** What of a request goes into its authentication. */
export interface RequestLine {
  readonly method: 'GET' | 'POST';
  /** As in the header `Host`. */
  readonly host: string;
  /** With the query, percent-encoded. */
  readonly path: string;
}

/** Header names, lower case, and values. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** Makes requests acceptable to the upstream. */
export interface Authenticator {
  /**
   * The headers for a request; at once where they are at hand.
   * @throws {UpstreamFailure} where there are none to be had
   */
  headers(request: RequestLine): AuthHeaders | Promise<AuthHeaders>;
  /** The upstream refused these headers with 401. @returns whether asking once more with new ones makes sense */
  rejected(headers: AuthHeaders): boolean;
}
