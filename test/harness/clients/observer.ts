/** One answer over HTTP, as a client got it. */
export interface ObservedAnswer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** The value of a header field by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** Is called with everything that the clients of this process receive. A test that wants to look replaces the functions. */
export const observer = {
  event: (_name: string, _data: unknown): void => undefined,
  answer: (_answer: ObservedAnswer): void => undefined,
};
