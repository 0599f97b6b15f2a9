import { Rights } from './rights.js';

/** Tells what a token allows. */
export abstract class TokenVerifier {
  /**
   * {@link verify} without waiting, for a token that is plainly good.
   *
   * @returns null: {@link verify} has to decide @throws {Refusal} as {@link verify}
   */
  recognize(_token: string | undefined): Rights | null {
    return null;
  }

  /**
   * @param token undefined if the client sent none
   * @param address where the client is, for what its token costs before it is known to be good
   * @throws {Refusal} `unauthorized`, or `unavailable` if the token cannot be checked now
   */
  abstract verify(token: string | undefined, address?: string): Promise<Rights>;
}

/** `AUTH_MODE=none`: everybody may read everything. It is for trials on one machine. */
export class OpenVerifier extends TokenVerifier {
  private readonly everything = new Rights(null, Number.POSITIVE_INFINITY, {
    cases: ['*'],
    groups: ['*'],
    hints: true,
  });

  override recognize(): Rights {
    return this.everything;
  }

  async verify(): Promise<Rights> {
    return this.everything;
  }
}
