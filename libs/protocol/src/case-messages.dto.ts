import { IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { CASE_ID_PATTERN, GROUP_ID_PATTERN } from '#core';
import { LANGUAGE_MESSAGE, LANGUAGES_MAX_LENGTH, LANGUAGES_PATTERN } from './language-ranges.js';
import { EVENT_ID_PATTERN } from './subscribe.dto.js';

/** Largest number of events in one page, and the default. */
export const PAGE_MAX = 1000;
export const PAGE_DEFAULT = 100;

/** Largest number of past events in a snapshot. */
export const SNAPSHOT_HISTORY_MAX = 100;
const SNAPSHOT_HISTORY_RULE = { message: `history must be a whole number from 0 to ${SNAPSHOT_HISTORY_MAX}` };

/** Input of `GET /v1/cases/{case_id}/snapshot`: path and query together. */
export class CaseSnapshotDto {
  @Matches(CASE_ID_PATTERN, { message: 'case_id must be 1 to 64 visible ASCII characters without a comma' })
  readonly case_id!: string;

  @IsOptional()
  @IsInt(SNAPSHOT_HISTORY_RULE)
  @Min(0, SNAPSHOT_HISTORY_RULE)
  @Max(SNAPSHOT_HISTORY_MAX, SNAPSHOT_HISTORY_RULE)
  readonly history?: number;

  @IsOptional()
  @Matches(GROUP_ID_PATTERN, { message: 'group_id must be 1 to 64 characters, none of them a control character' })
  readonly group_id?: string;

  @IsOptional()
  @MaxLength(LANGUAGES_MAX_LENGTH, { message: LANGUAGE_MESSAGE })
  @Matches(LANGUAGES_PATTERN, { message: LANGUAGE_MESSAGE })
  readonly language?: string;
}

/** Input of `GET /v1/cases/{case_id}/messages`: path and query together. */
export class CaseMessagesDto {
  @Matches(CASE_ID_PATTERN, { message: 'case_id must be 1 to 64 visible ASCII characters without a comma' })
  readonly case_id!: string;

  @IsOptional()
  @Matches(EVENT_ID_PATTERN, { message: 'after must be 1 to 64 characters, none of them a control character' })
  readonly after?: string;

  @IsOptional()
  @Matches(EVENT_ID_PATTERN, { message: 'before must be 1 to 64 characters, none of them a control character' })
  readonly before?: string;

  @IsOptional()
  @IsInt({ message: `limit must be a whole number from 1 to ${PAGE_MAX}` })
  @Min(1, { message: `limit must be a whole number from 1 to ${PAGE_MAX}` })
  @Max(PAGE_MAX, { message: `limit must be a whole number from 1 to ${PAGE_MAX}` })
  readonly limit?: number;

  @IsOptional()
  @Matches(GROUP_ID_PATTERN, { message: 'group_id must be 1 to 64 characters, none of them a control character' })
  readonly group_id?: string;

  @IsOptional()
  @MaxLength(LANGUAGES_MAX_LENGTH, { message: LANGUAGE_MESSAGE })
  @Matches(LANGUAGES_PATTERN, { message: LANGUAGE_MESSAGE })
  readonly language?: string;
}
