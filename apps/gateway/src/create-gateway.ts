import cluster from 'node:cluster';

import { createLogger, readSettings } from '#ops';

import { GatewayFleet } from './fleet/gateway-fleet.js';
import type { GatewayProgram } from './gateway.program.js';

/**
 * A gateway, or the primary of a fleet if `GATEWAY_PROCESSES` asks for one. The primary serves no client, so it does
 * not load the modules that do. They take most of the time and memory of a start.
 *
 * @throws {SettingsError}
 */
export async function createGateway(): Promise<GatewayProgram | GatewayFleet> {
  const { gatewayProcesses, logLevel } = readSettings('gateway');
  if (cluster.isPrimary && gatewayProcesses > 1) {
    return new GatewayFleet(gatewayProcesses, createLogger('gateway', logLevel));
  }
  const { createGatewayProgram } = await import('./create-gateway-program.js');
  return createGatewayProgram();
}
