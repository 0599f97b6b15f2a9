import { Body, Controller, Get, Put } from '@nestjs/common';
import { readReaderTokens } from '../identity/reader-tokens.js';
import { type ReaderTokens, Tokens } from '../identity/tokens.js';
import { JsonBody } from '../json-body.js';

/** Shows and replaces the tokens that may read some tickets only. */
@Controller('control/tokens')
export class TokensController {
  constructor(private readonly tokens: Tokens) {}

  @Get()
  show(): ReaderTokens {
    return this.tokens.limits;
  }

  @Put()
  replace(@Body(JsonBody) body: unknown): ReaderTokens {
    this.tokens.limit(readReaderTokens(body, 'the body'));
    return this.tokens.limits;
  }
}
