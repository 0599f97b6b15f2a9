import type { FactoryProvider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { GatewaySettings, KeyMetrics, ProbeMetrics, programVersion } from '#ops';
import { RightsProbe } from '#osm';
import { CachingVerifier } from './auth/caching-verifier.js';
import { JwtVerifier, publicKeys, secretKeys } from './auth/jwt-verifier.js';
import { KeySetUrl } from './auth/key-set-url.js';
import { ProbeTurns } from './auth/probe-turns.js';
import { PublishedKeys } from './auth/published-keys.js';
import { RequestAuthentication } from './auth/request-authentication.js';
import { RevocableVerifier } from './auth/revocable-verifier.js';
import { RevocationList } from './auth/revocation-list.js';
import { Revocations } from './auth/revocations.js';
import { TicketQuestions } from './auth/ticket-questions.js';
import { OpenVerifier, TokenVerifier } from './auth/token-verifier.js';
import { UpstreamVerifier } from './auth/upstream-verifier.js';
import { LOGGER } from './gateway.logger.js';
import { ClientAddresses } from './http/client-address.js';
import { UnauthenticatedSockets } from './http/unauthenticated-sockets.js';
import { Connections } from './session/connections.js';
import { RightsWatch } from './session/rights-watch.js';

/** What tells who a client is and what it may read, by `AUTH_MODE`: a part of the composition root. */
export const authentication: FactoryProvider[] = [
  {
    provide: TokenVerifier,
    inject: [GatewaySettings, LOGGER, Registry, Revocations, RevocationList],
    useFactory: (
      settings: GatewaySettings,
      logger: Logger,
      registry: Registry,
      revocations: Revocations,
      list: RevocationList,
    ) => new RevocableVerifier(verifierFor(settings, logger, registry), { revocations, list }),
  },
  {
    provide: RequestAuthentication,
    inject: [TokenVerifier, UnauthenticatedSockets, ClientAddresses],
    useFactory: (verifier: TokenVerifier, sockets: UnauthenticatedSockets, addresses: ClientAddresses) =>
      new RequestAuthentication(verifier, sockets, addresses),
  },
  {
    provide: RightsWatch,
    inject: [Connections, GatewaySettings],
    useFactory: (connections: Connections, { authMode, authProbeTtlS }: GatewaySettings) =>
      authMode === 'upstream' ? new RightsWatch(connections, authProbeTtlS * 1000) : null,
  },
];

function verifierFor(settings: GatewaySettings, logger: Logger, registry: Registry): TokenVerifier {
  if (settings.authMode === 'none') {
    return new OpenVerifier();
  }
  if (settings.authMode === 'upstream') {
    return upstreamVerifier(settings, logger, registry);
  }
  if (settings.authJwtSecret !== '') {
    return new CachingVerifier(new JwtVerifier(secretKeys(settings.authJwtSecret), settings));
  }
  const url = new KeySetUrl(settings.authJwksUrl, settings, `pollcast/${programVersion()}`);
  const keys: PublishedKeys = new PublishedKeys({
    fetchKeys: () => url.fetch(),
    onFetched: (failure) => {
      metrics.fetched(failure === null ? 'ok' : 'failed');
      if (failure?.isNew) {
        const reason = reasonOf(failure.error);
        logger.warn({ part: 'keys', reason }, 'the published keys cannot be fetched: the last ones are used for a day');
      }
    },
  });
  const metrics = new KeyMetrics(registry, () => keys.ageMs);
  return new JwtVerifier(publicKeys(keys), settings);
}

/** The text of an error, without its stack: the failure is outside of this program. */
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function upstreamVerifier(settings: GatewaySettings, logger: Logger, registry: Registry): TokenVerifier {
  const now = () => performance.now();
  const turns = new ProbeTurns(settings, now);
  const metrics = new ProbeMetrics(registry, () => turns.waiting);
  const clock = { now: () => Date.now() };
  let isAnswering = true;
  const questions = new TicketQuestions({
    probe: new RightsProbe(settings, clock, `pollcast/${programVersion()} (rights)`),
    turns,
    maxCaseIds: settings.upstreamMaxCaseIds,
    onAsked: (outcome) => {
      const isAnswer = typeof outcome === 'string';
      metrics.asked(isAnswer ? outcome : outcome.code);
      if (!isAnswer && isAnswering) {
        logger.warn(
          { part: 'rights', reason: outcome.message },
          'the upstream does not answer a question about rights',
        );
      }
      isAnswering = isAnswer;
    },
  });
  return new UpstreamVerifier(questions, settings.authProbeTtlS * 1000, now);
}
