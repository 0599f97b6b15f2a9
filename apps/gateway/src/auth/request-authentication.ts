import type { IncomingMessage } from 'node:http';
import type { Deadline } from '../edge/deadline.js';
import type { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { tokenOf } from './client-token.js';
import type { Rights } from './rights.js';
import type { TokenVerifier } from './token-verifier.js';

/** Authenticates HTTP requests. Every endpoint calls it before it reads a body. */
export class RequestAuthentication {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly sockets: Pick<UnauthenticatedSockets, 'authenticated'>,
  ) {}

  /** @throws {Refusal} `unauthorized`, or `unavailable` if the token cannot be checked in time */
  async rightsOf(request: IncomingMessage, query: URLSearchParams, deadline: Deadline): Promise<Rights> {
    const rights = await deadline.bound(this.verifier.verify(tokenOf(request, query)));
    this.sockets.authenticated(request.socket);
    return rights;
  }
}
