import { type DynamicModule, type Provider } from '@nestjs/common';
import { type Clock } from './clock.js';
import { FaultsController } from './control/faults.controller.js';
import { MessagesController } from './control/messages.controller.js';
import { QuirksController } from './control/quirks.controller.js';
import { TokensController } from './control/tokens.controller.js';
import { TrafficController } from './control/traffic.controller.js';
import { Faults } from './faults/faults.js';
import { HealthController } from './health.controller.js';
import { AccessKeys } from './identity/access-keys.js';
import { Gate } from './identity/gate.js';
import { IamController } from './identity/iam.controller.js';
import { Tokens } from './identity/tokens.js';
import { AnswerWriter } from './messages/answer.js';
import { CaseEndpoints } from './messages/case-endpoints.js';
import { InstantMessages } from './messages/instant-messages.js';
import { Queries } from './messages/query.js';
import { TicketStore } from './messages/ticket-store.js';
import { Quirks } from './quirks.js';
import { SETTINGS, type Settings } from './settings.js';
import { Metrics } from './traffic/metrics.js';
import { MetricsController } from './traffic/metrics.controller.js';
import { Traffic } from './traffic/traffic.js';

const controllers = [
  IamController,
  MessagesController,
  QuirksController,
  FaultsController,
  TokensController,
  TrafficController,
  MetricsController,
  HealthController,
];

/** The composition root: the only place that creates the simulator's parts. */
export class SimulatorModule {
  static with(settings: Settings, clock: Clock): DynamicModule {
    const quirks = new Quirks(settings.quirks);
    const store = new TicketStore(clock, quirks);
    const tokens = new Tokens(settings.token, clock, quirks, settings.readers);
    const accessKeys = new AccessKeys(settings.keyPair, clock);
    const faults = new Faults();
    const traffic = new Traffic(clock);
    const gate = new Gate(tokens, accessKeys);
    const queries = new Queries(store);
    const answers = new AnswerWriter(store, quirks, clock);
    const messages = new InstantMessages({ queries, answers, gate, tokens, faults, quirks, traffic, clock });
    const others = new CaseEndpoints({ gate, tokens, faults, quirks, traffic }, store, clock);
    const providers: Provider[] = [
      { provide: SETTINGS, useValue: settings },
      ...[quirks, store, tokens, accessKeys, faults, traffic, messages, others, new Metrics(traffic)].map((part) => ({
        provide: part.constructor,
        useValue: part,
      })),
    ];
    return { module: SimulatorModule, controllers, providers };
  }
}
