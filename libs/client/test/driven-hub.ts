import type { ConnectionState, GatewayEvent, Ready } from '../src/events.js';
import { TabHub, type HeardEvent, type HubEffect, type HubInput } from '../src/tab-hub.js';
import { idOf, messageEvent } from './model-gateway.js';

export const LIVE: ConnectionState = { name: 'live', transport: 'sse' };
const HELD = 3;

/** A leader whose effects are written down, and what each tab was told. */
export class DrivenHub {
  readonly effects: HubEffect[] = [];
  private readonly hub = new TabHub(2, HELD);

  step(input: HubInput): void {
    this.effects.push(...this.hub.step(input));
  }

  open(tab: string, position: string | null, ...caseIds: string[]): void {
    this.step({ type: 'open', tab, link: 1, request: { caseIds, position } });
  }

  hear(event: HeardEvent): void {
    this.step({ type: 'event', event });
  }

  message(caseId: string, offset: number): void {
    this.hear(messageEvent({ id: idOf(offset), case_id: caseId }));
    this.step({ type: 'kept', kept: { position: idOf(offset), caseIds: [caseId] } });
  }

  ready(offset: number, caseIds: string[], pending: string[] = []): void {
    const data: Ready = {
      ...{ case_ids: caseIds, language: 'zh-cn', last_event_id: idOf(offset) },
      ...{ recovered: false, replayed: 0, last_answer_at: 'then', pending },
    };
    this.hear({ name: 'ready', data });
    this.step({ type: 'kept', kept: { position: idOf(offset), caseIds } });
    this.step({ type: 'state', state: LIVE });
  }

  /** What a tab was told, as short texts. */
  told(tab: string): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== 'send' || effect.tab !== tab) return [];
      return [effect.message.type === 'event' ? textOf(effect.message.event) : effect.message.type];
    });
  }

  /** What was done for the connection of the leader. */
  get done(): HubEffect[] {
    return this.effects.filter(({ type }) => ['start', 'follow', 'leave', 'retry'].includes(type));
  }
}

function textOf({ name, data }: GatewayEvent): string {
  if ('id' in data) return `${name} ${data.case_id} ${Number(data.id.slice(-12))}`;
  if ('reason' in data) return `${name} ${data.reason}`;
  return 'case_ids' in data ? `${name} ${data.case_ids.join(' ')}` : name;
}

/** A leader that is live with A, and has the messages 1 to 3. */
export function leading(): DrivenHub {
  const hub = new DrivenHub();
  hub.open('one', null, 'A');
  hub.step({ type: 'gathered' });
  hub.ready(0, ['A']);
  for (const offset of [1, 2, 3]) hub.message('A', offset);
  return hub;
}
