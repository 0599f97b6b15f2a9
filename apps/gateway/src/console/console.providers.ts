import type { FactoryProvider } from '@nestjs/common';
import { GatewaySettings } from '#ops';
import { RefusalLog } from '../edge/refusal-log.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { ConsoleEndpoint } from './console-endpoint.js';
import { CONSOLE_FOLDER, consoleFiles } from './console-files.js';
import { DemoDoor } from './demo-door.js';
import { LostPage } from './lost-page.js';

/** What people see of a gateway in a browser. */
export const consoleProviders: FactoryProvider[] = [
  {
    provide: ConsoleEndpoint,
    inject: [GatewaySettings],
    useFactory: ({ console, authMode, authCasesClaim: casesClaim, consoleDemoUrl, docs }: GatewaySettings) => {
      const facts = { authMode, casesClaim, hasDemo: consoleDemoUrl !== '', hasDocs: docs === 'on' };
      return new ConsoleEndpoint(console === 'off' ? new Map() : consoleFiles(CONSOLE_FOLDER, facts));
    },
  },
  {
    provide: ProblemFilter,
    inject: [RefusalLog, ConsoleEndpoint, GatewaySettings],
    useFactory: (log: RefusalLog, { isThere }: ConsoleEndpoint, { docs }: GatewaySettings) =>
      new ProblemFilter(log, new LostPage({ console: isThere, docs: docs === 'on' })),
  },
  {
    provide: DemoDoor,
    inject: [GatewaySettings, ProblemFilter],
    useFactory: ({ consoleDemoUrl }: GatewaySettings, problems: ProblemFilter) =>
      new DemoDoor(consoleDemoUrl, problems),
  },
];
