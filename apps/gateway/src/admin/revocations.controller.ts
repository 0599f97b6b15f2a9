import { randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Controller, Delete, Get, HttpCode, NotFoundException, Param, Post, Req } from '@nestjs/common';
import { GatewaySettings } from '#ops';
import { Refusal } from '#protocol';
import { type Revocation } from '../auth/revocation.js';
import { RevocationList, REVOCATIONS_MAX } from '../auth/revocation-list.js';
import { Revocations } from '../auth/revocations.js';
import { Deadline } from '../edge/deadline.js';
import { RequestReader } from '../edge/request-reader.js';
import { GatewayStore } from '../gateway.store.js';
import { readJson } from '../http/json-body.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { AdminGate } from './admin-gate.js';
import { PAGE_DEFAULT, PageDto } from './admin.dto.js';
import { RevocationDto } from './revocation.dto.js';
import { storeAnswer, storeRefusal } from './store-answer.js';

/** `/admin/revocations`: rights that end before their tokens do. */
@Controller('admin/revocations')
export class RevocationsController {
  constructor(
    private readonly gate: AdminGate,
    private readonly reader: RequestReader,
    private readonly list: RevocationList,
    private readonly revocations: Revocations,
    private readonly settings: GatewaySettings,
    private readonly store: GatewayStore,
  ) {}

  @Post()
  async revoke(@Req() request: IncomingMessage): Promise<object> {
    const deadline = new Deadline();
    const body = await readJson(request, this.settings.requestMaxBytes, deadline);
    const { sub, jti, case_ids } = this.reader.readClosed(RevocationDto, body);
    if (sub === undefined && jti === undefined && case_ids === undefined) {
      throw new Refusal('invalid', 'a revocation names sub, jti or case_ids, and this one names none of them');
    }
    const at = Math.floor(this.store.clock.now());
    const revocation: Revocation = {
      id: randomBytes(12).toString('base64url'),
      ...(sub !== undefined && { sub }),
      ...(jti !== undefined && { jti }),
      ...(case_ids !== undefined && { case_ids }),
      at,
      until: at + this.settings.authRevocationTtlS * 1000,
      by: this.gate.callerOf(request),
    };
    await this.put(revocation, 'the revocation', deadline);
    return shown(revocation);
  }

  @Get()
  async page(@Req() request: IncomingMessage): Promise<object> {
    const query = queryOf(request);
    const { limit = PAGE_DEFAULT, after } = this.reader.read(PageDto, {
      limit: wholeNumber(query, 'limit'),
      after: single(query, 'after'),
    });
    await storeAnswer(this.list.compare()); // So that it has what other gateways did.
    const all = this.revocations.inEffect;
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && from === 0) {
      throw new Refusal('invalid', 'after names a revocation that is not in effect any more: begin anew');
    }
    const page = all.slice(from, from + limit);
    const next = from + limit < all.length ? page.at(-1)?.id : null;
    return { revocations: page.map(shown), next };
  }

  @Delete(':id')
  @HttpCode(204)
  async lift(@Req() request: IncomingMessage, @Param('id') id: string): Promise<void> {
    await storeAnswer(this.list.compare()); // So that it has what other gateways did.
    const found = this.revocations.find(id);
    if (found === undefined || found.lifted_by !== undefined) {
      throw new NotFoundException('no revocation in effect has this id');
    }
    await this.put({ ...found, lifted_by: this.gate.callerOf(request) }, 'the lifting', new Deadline());
  }

  private async put(revocation: Revocation, what: string, deadline: Deadline): Promise<void> {
    let hasRoom: boolean;
    try {
      hasRoom = await deadline.bound(this.list.put(revocation));
    } catch (cause) {
      const told = `the store did not take ${what}: it did not take effect. Send it again`;
      throw storeRefusal(told, cause);
    }
    if (!hasRoom) {
      throw new Refusal('too_many', `there are ${REVOCATIONS_MAX} revocations: ${what} did not take effect`);
    }
  }
}

function shown({ at, until, ...revocation }: Revocation): object {
  return { ...revocation, revoked_at: new Date(at).toISOString(), until: new Date(until).toISOString() };
}
