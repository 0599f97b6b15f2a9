import type { IncomingMessage } from 'node:http';
import type { Deadline } from '../edge/deadline.js';
import type { Tickets } from '../edge/subscription-parameters.js';
import type { ClientAddresses } from '../http/client-address.js';
import type { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { tokenOf } from './client-token.js';
import type { Rights } from './rights.js';
import type { TokenVerifier } from './token-verifier.js';

/** Authenticates HTTP requests. Every endpoint calls it before it reads a body. */
export class RequestAuthentication {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly sockets: Pick<UnauthenticatedSockets, 'authenticated'>,
    private readonly addresses: ClientAddresses,
  ) {}

  /**
   * After it, a request with a body has a token that is known to be good. Of another request the tickets may have to show
   * that: {@link learn}.
   *
   * @returns at once what has not to be waited for
   * @throws {Refusal} `unauthorized`, or `unavailable` if the token cannot be checked in time
   */
  rightsOf(request: IncomingMessage, query: URLSearchParams, deadline: Deadline): Rights | Promise<Rights> {
    const token = tokenOf(request, query);
    const rights = this.verifier.recognize(token);
    if (rights?.isProven !== true) {
      return this.verified(token, request, deadline);
    }
    this.sockets.authenticated(request.socket);
    return rights;
  }

  private async verified(token: string | undefined, request: IncomingMessage, deadline: Deadline): Promise<Rights> {
    const rights = await deadline.bound(this.verifier.verify(token, this.addresses.of(request)));
    if (!rights.isProven && hasBody(request)) {
      await deadline.bound(rights.prove());
    }
    if (rights.isProven) {
      this.sockets.authenticated(request.socket);
    }
    return rights;
  }

  /** Finds out about tickets before {@link Rights.require} is asked. @throws {Refusal} as {@link Rights.learn} */
  async learn(rights: Rights, request: IncomingMessage, { feed, caseIds }: Tickets, deadline: Deadline): Promise<void> {
    if (!rights.knows(feed, caseIds)) {
      await deadline.bound(rights.learn(feed, caseIds));
      this.sockets.authenticated(request.socket);
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
