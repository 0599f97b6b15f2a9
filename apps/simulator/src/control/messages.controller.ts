import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { oneOf, optional, read, required, text } from '../fields.js';
import { JsonBody } from '../json-body.js';
import { TicketStore } from '../messages/ticket-store.js';
import { readPostings } from './posting.js';

const ID = text(64, 1);
const STATUS = { case_id: required(ID), group_id: optional(ID), status: required(oneOf(0, 1)) };
const LEDGER = { case_id: optional(ID), group_id: optional(ID) };

/** A posted message and the time from which it can be seen. Tests compare what clients got with these. */
interface LedgerEntry {
  readonly seq: number;
  readonly case_id: string;
  readonly group_id?: string;
  readonly content: string;
  /** Milliseconds since the epoch. */
  readonly time_ms: number;
  readonly visible_at: number;
  /** When an answer showed it for the first time, ms of the machine's monotonic clock (`process.hrtime`); null before. */
  readonly shown_at: number | null;
}

/** Posts messages and sets statuses. */
@Controller('control')
export class MessagesController {
  constructor(private readonly store: TicketStore) {}

  @Post('messages')
  post(@Body(JsonBody) body: unknown): { posted: number; seqs: number[] } {
    const seqs = readPostings(body).map((posting) => this.store.post(posting).seq);
    return { posted: seqs.length, seqs };
  }

  @Post('status')
  @HttpCode(204)
  setStatus(@Body(JsonBody) body: unknown): void {
    const { case_id, group_id, status } = read(body, STATUS);
    this.store.setStatus(case_id, group_id, status);
  }

  /** Messages in the order in which they become visible. Without `case_id`: of all tickets. Without `group_id`: of all groups. */
  @Get('ledger')
  ledger(@Query() query: unknown): { messages: LedgerEntry[] } {
    const { case_id, group_id } = read(query, LEDGER);
    const messages: LedgerEntry[] = [];
    for (const ticket of this.store.tickets()) {
      if (case_id !== undefined && ticket.caseId !== case_id) continue;
      if (group_id !== undefined && ticket.groupId !== group_id) continue;
      for (const { seq, fields, timeMs, visibleAt, shownAt } of ticket.messages) {
        const { caseId, groupId } = ticket;
        const place = { seq, case_id: caseId, ...(groupId !== undefined && { group_id: groupId }) };
        const times = { time_ms: timeMs, visible_at: visibleAt, shown_at: shownAt };
        messages.push({ ...place, content: fields.content, ...times });
      }
    }
    messages.sort((a, b) => a.visible_at - b.visible_at || a.seq - b.seq);
    return { messages };
  }
}
