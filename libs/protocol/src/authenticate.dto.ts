import { IsString, Length } from 'class-validator';

/** The body of `authenticate`. */
export class AuthenticateDto {
  @IsString({ message: 'token must be a text' })
  @Length(1, 16_384, { message: 'token must have 1 to 16384 characters' })
  readonly token!: string;
}
