import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CASE_ID_PATTERN, GROUP_ID_PATTERN, LANGUAGE_PATTERN } from '#core';
import { LOG_LEVELS } from '#ops';

/** Largest number of entries in one page, and the default. */
const PAGE_MAX = 1000;
export const PAGE_DEFAULT = 100;
const LIMIT_MESSAGE = `limit must be a whole number from 1 to ${PAGE_MAX}`;
const AFTER_MESSAGE = 'after must be the next of the page before';

/** Which part of a list. */
export class PageDto {
  @IsOptional()
  @IsInt({ message: LIMIT_MESSAGE })
  @Min(1, { message: LIMIT_MESSAGE })
  @Max(PAGE_MAX, { message: LIMIT_MESSAGE })
  readonly limit?: number;

  /** `next` of the page before. */
  @IsOptional()
  @IsString({ message: AFTER_MESSAGE })
  @Length(1, 400, { message: AFTER_MESSAGE })
  readonly after?: string;
}

/** A ticket, and in which feed it is looked for. */
export class CaseDto {
  @Matches(CASE_ID_PATTERN, { message: 'the case id must be 1 to 64 visible ASCII characters without a comma' })
  readonly case_id!: string;

  @IsOptional()
  @Matches(GROUP_ID_PATTERN, { message: 'group_id must be 1 to 64 characters, none of them a control character' })
  readonly group_id?: string;

  @IsOptional()
  @Matches(LANGUAGE_PATTERN, { message: 'language must be a language tag such as zh-cn' })
  readonly language?: string;
}

/** The query of `GET /admin/sets`. */
export class SetsPageDto extends PageDto {
  @IsOptional()
  @IsString({ message: 'feed must be the name of a feed' })
  @Length(1, 300, { message: 'feed must be the name of a feed' })
  readonly feed?: string;
}

/** The query of `GET /admin/connections`. */
export class ConnectionsPageDto extends PageDto {
  @IsOptional()
  @IsString({ message: 'subject must be a text of 1 to 256 characters' })
  @Length(1, 256, { message: 'subject must be a text of 1 to 256 characters' })
  readonly subject?: string;
}

/** The body of `POST /admin/log-level`. */
export class LogLevelDto {
  @IsIn(LOG_LEVELS, { message: `level must be one of ${LOG_LEVELS.join(', ')}` })
  readonly level!: string;
}
