import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { Faults } from '../faults/faults.js';
import { AccessKeys } from '../identity/access-keys.js';
import { Tokens } from '../identity/tokens.js';
import { JsonBody } from '../json-body.js';
import { TicketStore } from '../messages/ticket-store.js';
import { Quirks, type QuirkSet, readQuirks } from '../quirks.js';
import { Traffic } from '../traffic/traffic.js';

/** `oddities` is the older name. */
const PATHS = ['quirks', 'oddities'];

/** Reads and changes quirks, and resets the simulator to its start. */
@Controller('control')
export class QuirksController {
  constructor(
    private readonly quirks: Quirks,
    private readonly store: TicketStore,
    private readonly faults: Faults,
    private readonly tokens: Tokens,
    private readonly accessKeys: AccessKeys,
    private readonly traffic: Traffic,
  ) {}

  @Get(PATHS)
  show(): QuirkSet {
    return this.quirks.current;
  }

  /** Members that are not named keep their value. */
  @Put(PATHS)
  change(@Body(JsonBody) body: unknown): QuirkSet {
    this.quirks.change(readQuirks(body));
    return this.quirks.current;
  }

  @Post('reset')
  @HttpCode(204)
  reset(): void {
    this.quirks.reset();
    this.store.clear();
    this.faults.clear();
    this.tokens.reset();
    this.accessKeys.reset();
    this.traffic.reset();
  }
}
