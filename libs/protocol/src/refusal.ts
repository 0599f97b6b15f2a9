/** Why a client's request was refused. The wire codes of PROTOCOL.md, section 5. */
export type RefusalCode = 'invalid' | 'unauthorized' | 'forbidden' | 'too_many' | 'unavailable';

/** A request that is answered with an error. The connection stays open. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly details: {
      /** The tickets that the refusal is about. */
      readonly caseIds?: readonly string[];
      /** When to try again, ms. */
      readonly retryMs?: number;
      /** HTTP status, if it is not the usual one of the code. */
      readonly status?: number;
      /** What failed, for operators: no client learns of it. */
      readonly cause?: unknown;
    } = {},
  ) {
    super(message);
  }
}
