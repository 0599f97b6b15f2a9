import type { FactoryProvider } from '@nestjs/common';
import { Registry } from 'prom-client';
import { GatewaySettings, UnauthenticatedMetrics } from '#ops';
import { FairTurns } from './edge/fair-turns.js';
import { HandshakeRate } from './edge/handshake-rate.js';
import { RefusalLog } from './edge/refusal-log.js';
import { UnauthenticatedConnections } from './edge/unauthenticated-connections.js';
import { ClientAddresses } from './http/client-address.js';
import { UnauthenticatedSockets } from './http/unauthenticated-sockets.js';
import { BeforeConnect } from './ws/before-connect.js';

/** What a connection meets before its token is known: a part of the composition root. */
export const unauthenticated: FactoryProvider[] = [
  {
    provide: UnauthenticatedConnections,
    inject: [GatewaySettings, Registry],
    useFactory: ({ maxUnauthenticatedConnections }: GatewaySettings, registry: Registry) =>
      new UnauthenticatedConnections(maxUnauthenticatedConnections, new UnauthenticatedMetrics(registry)),
  },
  {
    provide: UnauthenticatedSockets,
    inject: [UnauthenticatedConnections, GatewaySettings],
    useFactory: (connections: UnauthenticatedConnections, { httpKeepAliveMs }: GatewaySettings) =>
      new UnauthenticatedSockets(connections, httpKeepAliveMs),
  },
  { provide: FairTurns, useFactory: () => new FairTurns() },
  {
    provide: HandshakeRate,
    inject: [GatewaySettings],
    useFactory: ({ maxHandshakesPerS, maxHandshakesPerAddressPerS }: GatewaySettings) =>
      new HandshakeRate(maxHandshakesPerS, maxHandshakesPerAddressPerS),
  },
  {
    provide: ClientAddresses,
    inject: [GatewaySettings],
    useFactory: ({ trustProxy }: GatewaySettings) => new ClientAddresses(trustProxy),
  },
  {
    provide: BeforeConnect,
    inject: [UnauthenticatedConnections, UnauthenticatedSockets, RefusalLog, GatewaySettings],
    useFactory: (
      connections: UnauthenticatedConnections,
      sockets: UnauthenticatedSockets,
      refusals: RefusalLog,
      { messageMaxBytes }: GatewaySettings,
    ) => new BeforeConnect({ connections, sockets, refusals, messageMaxBytes }),
  },
];
