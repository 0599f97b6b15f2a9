/** Why a client's request was refused. The wire codes of PROTOCOL.md, section 5. */
export type RefusalCode = 'invalid' | 'unauthorized' | 'forbidden' | 'too_many' | 'unavailable';

/** A request that is answered with an error; the connection lives on. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly details: {
      /** The tickets that it is about. */
      readonly caseIds?: readonly string[];
      /** When to come back, milliseconds. */
      readonly retryMs?: number;
      /** HTTP status where it is not the code's usual one. */
      readonly status?: number;
    } = {},
  ) {
    super(message);
  }
}
