import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { CASE_ID_PATTERN, GROUP_ID_PATTERN, UPSTREAM_CASE_IDS_MAX } from '#core';
import { LANGUAGES_MAX_LENGTH, LANGUAGES_PATTERN } from './language-ranges.js';
import { EVENT_ID_PATTERN } from './subscribe.dto.js';

/** Longest time that a poll may wait for news, s. Most proxies end a request that is silent for a minute. */
export const WAIT_MAX_S = 60;

const LANGUAGE = { message: 'X-Language must be a language tag such as en-us' };

/** Input of `GET /v2/servicerequest/cases/instant-messages`, the upstream's own: query and headers together. */
export class InstantMessagesDto {
  @Matches(CASE_ID_PATTERN, {
    each: true,
    message: 'each of case_ids must be 1 to 64 visible ASCII characters without a comma',
  })
  @ArrayMaxSize(UPSTREAM_CASE_IDS_MAX, { message: `case_ids may name at most ${UPSTREAM_CASE_IDS_MAX} tickets` })
  @ArrayNotEmpty({ message: 'case_ids must name at least one ticket' })
  @IsArray({ message: 'case_ids must name tickets' })
  readonly case_ids!: string[];

  @IsOptional()
  @Matches(GROUP_ID_PATTERN, { message: 'group_id must be 1 to 64 characters, none of them a control character' })
  readonly group_id?: string;

  @IsOptional()
  @Matches(EVENT_ID_PATTERN, {
    message: 'last_message_time_id must be 1 to 64 characters, none of them a control character',
  })
  readonly last_message_time_id?: string;

  /** Seconds. */
  @IsOptional()
  @IsInt({ message: `wait must be a whole number of seconds from 0 to ${WAIT_MAX_S}` })
  @Min(0, { message: `wait must be a whole number of seconds from 0 to ${WAIT_MAX_S}` })
  @Max(WAIT_MAX_S, { message: `wait must be a whole number of seconds from 0 to ${WAIT_MAX_S}` })
  readonly wait?: number;

  /** `X-Language` */
  @IsOptional()
  @MaxLength(LANGUAGES_MAX_LENGTH, LANGUAGE)
  @Matches(LANGUAGES_PATTERN, LANGUAGE)
  readonly language?: string;
}
