import type { IncomingMessage } from 'node:http';
import { isSigned } from '#osm';
import type { RequestAuthentication } from '../auth/request-authentication.js';
import { stillGranted, type KnownRevocations } from '../auth/revocable-verifier.js';
import type { Rights } from '../auth/rights.js';
import type { Deadline } from '../edge/deadline.js';
import type { Tickets } from '../edge/subscription-parameters.js';
import type { OwnOrigins } from '../http/own-origin.js';
import type { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import type { AccessKeys } from './access-keys.js';

export interface DropInAuthenticationParts {
  readonly tokens: RequestAuthentication;
  readonly keys: AccessKeys;
  readonly revocations: KnownRevocations;
  readonly origins: Pick<OwnOrigins, 'of'>;
  readonly sockets: Pick<UnauthenticatedSockets, 'authenticated'>;
}

/** Tells what a client may read that polls as it would poll the upstream: by a token, or by a signature. */
export class DropInAuthentication {
  constructor(private readonly parts: DropInAuthenticationParts) {}

  /**
   * Checks the right to tickets.
   *
   * @returns the rights. Later {@link again} tells whether they still hold
   * @throws {Refusal}
   */
  async require(
    request: IncomingMessage,
    query: URLSearchParams,
    tickets: () => Tickets,
    deadline: Deadline,
  ): Promise<Rights> {
    const { tokens, keys, origins, sockets } = this.parts;
    if (!isSigned(request.headers.authorization)) {
      const rights = await tokens.rightsOf(request, query, deadline);
      const { feed, caseIds } = tickets();
      await tokens.learn(rights, request, { feed, caseIds }, deadline);
      rights.require(feed, caseIds);
      return rights;
    }
    const { method = '', url = '', headers } = request;
    const signed = keys.rightsOf({ method, url, headers }, origins.of(request).authority, Date.now());
    sockets.authenticated(request.socket);
    return this.requireOf(signed, tickets(), deadline);
  }

  /** Whether the rights still hold after a while. @throws {Refusal} */
  async again(
    rights: Rights,
    request: IncomingMessage,
    query: URLSearchParams,
    tickets: Tickets,
    deadline: Deadline,
  ): Promise<void> {
    if (isSigned(request.headers.authorization)) {
      await this.requireOf(rights.granted, tickets, deadline);
    } else {
      await this.require(request, query, () => tickets, deadline);
    }
  }

  private async requireOf(granted: Rights, { feed, caseIds }: Tickets, deadline: Deadline): Promise<Rights> {
    const rights = await deadline.bound(stillGranted(granted, this.parts.revocations));
    rights.require(feed, caseIds);
    return rights;
  }
}
