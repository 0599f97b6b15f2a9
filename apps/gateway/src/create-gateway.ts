import cluster from 'node:cluster';

import { createLogger, readSettings, reportStart } from '#ops';

import { GatewayFleet } from './fleet/gateway-fleet.js';
import type { GatewayProgram } from './gateway.program.js';

/**
 * A gateway, or the primary of a fleet if `GATEWAY_PROCESSES` asks for one. The primary serves no client, so it does
 * not load the modules that do. They take most of the time and memory of a start.
 *
 * @throws {SettingsError}
 */
export async function createGateway(): Promise<GatewayProgram | GatewayFleet> {
  const settings = readSettings('gateway');
  const { gatewayProcesses, logLevel } = settings;
  if (cluster.isPrimary && gatewayProcesses > 1) {
    const logger = createLogger('gateway', logLevel);
    reportStart(logger, 'gateway fleet', settings);
    return new GatewayFleet(gatewayProcesses, logger);
  }
  const { createGatewayProgram } = await import('./create-gateway-program.js');
  return createGatewayProgram();
}
