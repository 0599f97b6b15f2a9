import { type Ticket } from './ticket.js';
import { type TicketStore } from './ticket-store.js';

/** The parameters of a request without its cursor. */
export class Query {
  private sortedIds?: string;

  constructor(
    readonly caseIds: readonly string[],
    readonly groupId: string | undefined,
    readonly tickets: readonly Ticket[],
    /** `trim_osm_rich_text_label`; true unless given. */
    readonly trims: boolean,
  ) {}

  /** Equal for two queries of the same tickets in any order. */
  get ticketSet(): string {
    this.sortedIds ??= JSON.stringify([this.groupId ?? null, ...[...this.caseIds].sort()]);
    return this.sortedIds;
  }
}

/** Parameters that the upstream refuses, with the reason. */
export interface BadQuery {
  readonly reason: string;
}

export type QueryReading = Query | BadQuery;

const MAX_CASE_IDS = 100;
const MAX_ID_LENGTH = 64;
const TRIM = 'trim_osm_rich_text_label';
const CURSOR = 'last_message_time_id=';
/** Parsed queries that are kept; beyond this all are dropped. */
const MAX_KEPT = 10_000;

/**
 * Reads the query strings of polls. A poller repeats a query thousands of times and changes only the cursor, so the rest
 * of the string is parsed once.
 */
export class Queries {
  private readonly kept = new Map<string, QueryReading>();

  constructor(private readonly store: TicketStore) {}

  /** @param search the text after the `?` */
  read(search: string): { query: QueryReading; cursor: string | undefined } {
    const { rest, cursor } = splitCursor(search);
    if (cursor !== undefined && cursor.length > MAX_ID_LENGTH) {
      return { query: { reason: `last_message_time_id is longer than ${MAX_ID_LENGTH}` }, cursor };
    }
    let query = this.kept.get(rest);
    if (!query) {
      query = this.parse(new URLSearchParams(rest));
      if (this.kept.size >= MAX_KEPT) this.kept.clear();
      this.kept.set(rest, query);
    }
    return { query, cursor: cursor || undefined };
  }

  private parse(params: URLSearchParams): QueryReading {
    const caseIds = [...new Set(params.getAll('case_ids'))];
    const groupId = params.get('group_id') || undefined;
    const trim = params.get(TRIM) ?? 'true';
    if (trim !== 'true' && trim !== 'false') return { reason: `${TRIM} is neither true nor false` };
    if (caseIds.length === 0) return { reason: 'case_ids is missing' };
    if (caseIds.length > MAX_CASE_IDS) return { reason: `case_ids has more than ${MAX_CASE_IDS} entries` };
    if (caseIds.some((id) => id.length === 0 || id.length > MAX_ID_LENGTH)) return { reason: 'case_ids has a bad one' };
    if (groupId && groupId.length > MAX_ID_LENGTH) return { reason: `group_id is longer than ${MAX_ID_LENGTH}` };
    return new Query(
      caseIds,
      groupId,
      caseIds.map((caseId) => this.store.ticket(caseId, groupId)),
      trim !== 'false',
    );
  }
}

/** Separates the cursor from the rest of a query string. */
function splitCursor(search: string): { rest: string; cursor?: string } {
  const start = search.startsWith(CURSOR) ? 0 : search.indexOf(`&${CURSOR}`) + 1;
  if (start === 0 && !search.startsWith(CURSOR)) return { rest: search };
  const end = search.indexOf('&', start);
  const value = search.slice(start + CURSOR.length, end === -1 ? undefined : end);
  const rest = search.slice(0, start) + (end === -1 ? '' : search.slice(end + 1));
  return { rest, cursor: new URLSearchParams(`cursor=${value}`).get('cursor') ?? '' };
}
