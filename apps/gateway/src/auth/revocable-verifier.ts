import { Refusal } from '#protocol';
import type { RevocationList } from './revocation-list.js';
import type { Revocations } from './revocations.js';
import type { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

/** The refusal of a token that was revoked. */
export function tokenRevoked(): Refusal {
  return new Refusal('unauthorized', 'the token was revoked');
}

/** Refuses revoked tokens, remembered ones too, and takes revoked tickets out of the rights of others. */
export class RevocableVerifier extends TokenVerifier {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly revocations: Pick<Revocations, 'limit'>,
    private readonly list: Pick<RevocationList, 'known'>,
  ) {
    super();
  }

  async verify(token: string | undefined, address?: string): Promise<Rights> {
    const rights = await this.verifier.verify(token, address);
    await this.list.known;
    const limited = this.revocations.limit(rights);
    if (limited === null) {
      throw tokenRevoked();
    }
    return limited;
  }
}
