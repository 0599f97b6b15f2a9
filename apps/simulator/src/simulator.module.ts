import { type DynamicModule, type Provider } from '@nestjs/common';
import { type Clock } from './clock.js';
import { FaultsController } from './control/faults.controller.js';
import { MessagesController } from './control/messages.controller.js';
import { OdditiesController } from './control/oddities.controller.js';
import { TrafficController } from './control/traffic.controller.js';
import { Faults } from './faults/faults.js';
import { HealthController } from './health.controller.js';
import { AccessKeys } from './identity/access-keys.js';
import { Gate } from './identity/gate.js';
import { IamController } from './identity/iam.controller.js';
import { Tokens } from './identity/tokens.js';
import { AnswerWriter } from './messages/answer.js';
import { InstantMessages } from './messages/instant-messages.js';
import { Queries } from './messages/query.js';
import { TicketStore } from './messages/ticket-store.js';
import { Oddities } from './oddities.js';
import { SETTINGS, type Settings } from './settings.js';
import { Metrics } from './traffic/metrics.js';
import { MetricsController } from './traffic/metrics.controller.js';
import { Traffic } from './traffic/traffic.js';

const controllers = [
  IamController,
  MessagesController,
  OdditiesController,
  FaultsController,
  TrafficController,
  MetricsController,
  HealthController,
];

/** The composition root: plain classes, put together here and nowhere else. */
export class SimulatorModule {
  static with(settings: Settings, clock: Clock): DynamicModule {
    const oddities = new Oddities(settings.oddities);
    const store = new TicketStore(clock, oddities);
    const tokens = new Tokens(settings.token, clock, oddities);
    const accessKeys = new AccessKeys(settings.keyPair, clock);
    const faults = new Faults();
    const traffic = new Traffic(clock);
    const gate = new Gate(tokens, accessKeys);
    const queries = new Queries(store);
    const answers = new AnswerWriter(store, oddities, clock);
    const messages = new InstantMessages({ queries, answers, gate, tokens, faults, oddities, traffic, clock });
    const providers: Provider[] = [
      { provide: SETTINGS, useValue: settings },
      ...[oddities, store, tokens, accessKeys, faults, traffic, messages, new Metrics(traffic)].map((part) => ({
        provide: part.constructor,
        useValue: part,
      })),
    ];
    return { module: SimulatorModule, controllers, providers };
  }
}
