import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { CASE_ID_PATTERN } from '#core';

/** Most tickets of one revocation. */
const CASES_MAX = 100;
const ID_MESSAGE = 'must be a text of 1 to 256 characters';

/** The body of `POST /admin/revocations`. A member may be absent and not null: null would widen what is revoked. */
export class RevocationDto {
  @ValidateIf(({ sub }: RevocationDto) => sub !== undefined)
  @IsString({ message: `sub ${ID_MESSAGE}` })
  @Length(1, 256, { message: `sub ${ID_MESSAGE}` })
  readonly sub?: string;

  @ValidateIf(({ jti }: RevocationDto) => jti !== undefined)
  @IsString({ message: `jti ${ID_MESSAGE}` })
  @Length(1, 256, { message: `jti ${ID_MESSAGE}` })
  readonly jti?: string;

  @ValidateIf(({ case_ids }: RevocationDto) => case_ids !== undefined)
  @Matches(CASE_ID_PATTERN, {
    each: true,
    message: 'each of case_ids must be 1 to 64 visible ASCII characters without a comma',
  })
  @ArrayMaxSize(CASES_MAX, { message: `case_ids must name at most ${CASES_MAX} tickets` })
  @ArrayNotEmpty({ message: 'case_ids must name at least one ticket' })
  @IsArray({ message: 'case_ids must be an array of ids' })
  readonly case_ids?: string[];
}
