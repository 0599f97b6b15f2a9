import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { Faults } from '../faults/faults.js';
import { AccessKeys } from '../identity/access-keys.js';
import { Tokens } from '../identity/tokens.js';
import { JsonBody } from '../json-body.js';
import { TicketStore } from '../messages/ticket-store.js';
import { Oddities, type OdditySet, readOddities } from '../oddities.js';
import { Traffic } from '../traffic/traffic.js';

/** How the upstream is today, and back to how it was at the start. */
@Controller('control')
export class OdditiesController {
  constructor(
    private readonly oddities: Oddities,
    private readonly store: TicketStore,
    private readonly faults: Faults,
    private readonly tokens: Tokens,
    private readonly accessKeys: AccessKeys,
    private readonly traffic: Traffic,
  ) {}

  @Get('oddities')
  show(): OdditySet {
    return this.oddities.current;
  }

  /** Members that are not named keep their value. */
  @Put('oddities')
  change(@Body(JsonBody) body: unknown): OdditySet {
    this.oddities.change(readOddities(body));
    return this.oddities.current;
  }

  @Post('reset')
  @HttpCode(204)
  reset(): void {
    this.oddities.reset();
    this.store.clear();
    this.faults.clear();
    this.tokens.reset();
    this.accessKeys.reset();
    this.traffic.reset();
  }
}
