import { Refusal } from '#protocol';
import type { RevocationList } from './revocation-list.js';
import type { Revocations } from './revocations.js';
import type { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

/** The refusal of a token that was revoked. */
export function tokenRevoked(): Refusal {
  return new Refusal('unauthorized', 'the token was revoked');
}

/** The revocations that a gateway knows, and when it knows them. */
export interface KnownRevocations {
  readonly revocations: Pick<Revocations, 'limit'>;
  readonly list: Pick<RevocationList, 'known' | 'isKnown'>;
}

/** What is left of rights. @throws {Refusal} `unauthorized` where nothing is */
export async function stillGranted(rights: Rights, { revocations, list }: KnownRevocations): Promise<Rights> {
  await list.known;
  const limited = revocations.limit(rights);
  if (limited === null) {
    throw tokenRevoked();
  }
  return limited;
}

/** Refuses revoked tokens, cached ones too, and takes revoked tickets out of the rights of others. */
export class RevocableVerifier extends TokenVerifier {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly known: KnownRevocations,
  ) {
    super();
  }

  override recognize(token: string | undefined): Rights | null {
    const { list, revocations } = this.known;
    const rights = list.isKnown ? this.verifier.recognize(token) : null;
    return rights === null ? null : revocations.limit(rights);
  }

  async verify(token: string | undefined, address?: string): Promise<Rights> {
    return stillGranted(await this.verifier.verify(token, address), this.known);
  }
}
