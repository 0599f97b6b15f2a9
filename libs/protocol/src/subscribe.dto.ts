import { ArrayNotEmpty, IsArray, IsIn, IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { CASE_ID_PATTERN, GROUP_ID_PATTERN } from '#core';
import { LANGUAGE_MESSAGE, LANGUAGES_MAX_LENGTH, LANGUAGES_PATTERN } from './language-ranges.js';
import { kindOf } from './kind-of.js';

/**
 * An id that a client sends: no control character, no lone surrogate. Whether it is a position is decided later. The
 * classes are spelled out: generators of other languages that read the OpenAPI document do not know `\p{Cc}`.
 */
export const EVENT_ID_PATTERN = new RegExp(String.raw`^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]{1,64}$`, 'u');

/** Largest number of past events per ticket that a client can ask for, and the default. */
export const HISTORY_MAX = 1000;
export const HISTORY_DEFAULT = 50;

/** Which tickets of which feed: the body of `unsubscribe`. Unknown properties are ignored. */
export class TicketsDto {
  /** Repeated ids count once. */
  // class-validator checks from the last decorator to the first, and the first failure is told.
  @Matches(CASE_ID_PATTERN, {
    each: true,
    message: 'each of case_ids must be 1 to 64 visible ASCII characters without a comma',
  })
  @ArrayNotEmpty({ message: 'case_ids must name at least one ticket' })
  @IsArray({ message: ({ value }) => `case_ids must be an array of ids, and it is ${kindOf(value)}` })
  readonly case_ids!: string[];

  @IsOptional()
  @Matches(GROUP_ID_PATTERN, { message: 'group_id must be 1 to 64 characters, none of them a control character' })
  readonly group_id?: string | null;

  @IsOptional()
  @MaxLength(LANGUAGES_MAX_LENGTH, { message: LANGUAGE_MESSAGE })
  @Matches(LANGUAGES_PATTERN, { message: LANGUAGE_MESSAGE })
  readonly language?: string | null;
}

/** How a client says no and yes. */
const SWITCH = [0, 1, false, true] as const;

/** Whether a client said yes. */
export const isOn = (value: 0 | 1 | boolean | null | undefined): boolean => value === 1 || value === true;

/** The body of `subscribe`. */
export class SubscribeDto extends TicketsDto {
  @IsOptional()
  @Matches(EVENT_ID_PATTERN, { message: 'last_event_id must be 1 to 64 characters, none of them a control character' })
  readonly last_event_id?: string | null;

  @IsOptional()
  @IsInt({ message: `history must be a whole number from 0 to ${HISTORY_MAX}` })
  @Min(0, { message: `history must be a whole number from 0 to ${HISTORY_MAX}` })
  @Max(HISTORY_MAX, { message: `history must be a whole number from 0 to ${HISTORY_MAX}` })
  readonly history?: number | null;

  /** Whether a snapshot of each ticket comes before live events. */
  @IsOptional()
  @IsIn(SWITCH, { message: 'snapshot must be 0 or 1' })
  readonly snapshot?: 0 | 1 | boolean | null;

  /** Whether the unread counts of the tickets are told. */
  @IsOptional()
  @IsIn(SWITCH, { message: 'unread must be 0 or 1' })
  readonly unread?: 0 | 1 | boolean | null;
}

const HEARTBEATS = ['comment', 'event'] as const;
/** Which kind of heartbeat an event stream gets. */
export type Heartbeat = (typeof HEARTBEATS)[number];

/** Which client a connection is of: chosen by the client. */
export const CLIENT_ID_PATTERN = /^[!-~]{1,64}$/;
const CLIENT_ID_RULE = { message: 'client_id must be 1 to 64 visible ASCII characters' };

/** What a Socket.IO client says of itself beside its token. */
export class ClientDto {
  @IsOptional()
  @Matches(CLIENT_ID_PATTERN, CLIENT_ID_RULE)
  readonly client_id?: string | null;
}

/** The query of an event stream. */
export class StreamDto extends SubscribeDto {
  @IsOptional()
  @Matches(CLIENT_ID_PATTERN, CLIENT_ID_RULE)
  readonly client_id?: string | null;

  @IsOptional()
  @IsIn(HEARTBEATS, { message: `heartbeat must be ${HEARTBEATS.join(' or ')}` })
  readonly heartbeat?: Heartbeat | null;
}
