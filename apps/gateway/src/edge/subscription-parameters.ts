import type { CaseId, Feed, ResumeFrom } from '#core';
import {
  HISTORY_DEFAULT,
  isOn,
  SNAPSHOT_HISTORY_MAX,
  type PositionIds,
  type SubscribeDto,
  type TicketsDto,
} from '#protocol';
import type { Languages } from './languages.js';

/** Tickets of one feed. */
export interface Tickets {
  readonly feed: Feed;
  /** Distinct, in the order in which they were named. */
  readonly caseIds: readonly CaseId[];
}

/** What a client asks for when it subscribes. */
export interface SubscriptionParameters extends Tickets {
  readonly from: ResumeFrom;
  /** Past events per ticket for a client without a position. */
  readonly history: number;
  /** A snapshot of each ticket comes before live events. */
  readonly cuts?: boolean;
  /** The unread counts of the tickets are told. */
  readonly unread?: boolean;
}

/** Most past events in the snapshots of one subscription. */
const SNAPSHOT_EVENTS_MAX = 1000;

/** The feed that a request names. */
export function feedOf(named: { language?: string | null; group_id?: string | null }, languages: Languages): Feed {
  const language = languages.match(named.language);
  return typeof named.group_id === 'string' ? { language, groupId: named.group_id } : { language };
}

export function ticketsOf(dto: TicketsDto, languages: Languages): Tickets {
  const { case_ids: named } = dto;
  // Most requests name one ticket. An array that is made by a spread has room for 16 more.
  return { feed: feedOf(dto, languages), caseIds: named.length === 1 ? named : [...new Set(named)] };
}

export function subscriptionParametersOf(
  dto: SubscribeDto,
  languages: Languages,
  ids: PositionIds,
): SubscriptionParameters {
  const { feed, caseIds } = ticketsOf(dto, languages);
  const history = dto.history ?? HISTORY_DEFAULT;
  const cuts = isOn(dto.snapshot);
  const most = Math.min(SNAPSHOT_HISTORY_MAX, Math.floor(SNAPSHOT_EVENTS_MAX / caseIds.length));
  return {
    feed,
    caseIds,
    from: ids.resumeFrom(dto.last_event_id),
    history: cuts ? Math.min(history, most) : history,
    cuts,
    unread: isOn(dto.unread),
  };
}
