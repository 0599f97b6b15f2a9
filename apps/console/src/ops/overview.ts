/** One event of `GET /admin/stream`. */
export interface Overview {
  readonly at: string;
  readonly poll_interval_ms: number;
  /** Null: nobody has looked at the deployment for minutes. */
  readonly totals: {
    readonly feeds: number;
    readonly sets: number;
    readonly tickets: number;
    readonly quarantined: number;
    readonly stalest_set_ms: number;
    readonly floor_per_interval: number;
    readonly jobs: { readonly waiting: number; readonly active: number; readonly delayed: number };
  } | null;
  readonly quota_opens_at: string | null;
  readonly feeds: readonly Feed[];
  readonly sets: readonly TicketSet[];
  readonly quarantined: readonly Quarantined[];
  readonly workers: readonly Worker[];
  readonly gateways: readonly Gateway[];
  readonly silent_processes: number | null;
}

export interface Feed {
  readonly feed: string;
  readonly language: string;
  readonly group_id: string | null;
  readonly sets: number;
  readonly tickets: number;
  readonly quarantined: number;
  readonly failing_sets: number;
  readonly upstream: { readonly state: 'ok' | 'degraded'; readonly since: string | null; readonly reason?: string };
  readonly late_s: number;
  readonly paused_at: string | null;
}

export interface TicketSet {
  readonly feed: string;
  readonly id: number;
  readonly members: number;
  readonly joining: number;
  readonly worker: string | null;
  readonly due_at: string | null;
  readonly late_s: number;
  readonly answered_at: string | null;
  readonly failures: number;
  readonly last_error: { readonly reason: string; readonly at: string } | null;
}

export interface Quarantined {
  readonly feed: string;
  readonly case_id: string;
  readonly until: string | null;
  readonly refusals: number;
}

export type Figures = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

export interface Worker {
  readonly process: string;
  readonly version: string;
  readonly sets: number;
  readonly polls_in_flight: number;
  readonly state: string;
  readonly figures: Figures;
}

export interface Gateway {
  readonly process: string;
  readonly version: string;
  readonly connections: number;
  readonly figures: Figures;
}

/** What one ticket's report has (`GET /admin/cases/{id}`). */
export interface CaseReport {
  readonly case_id: string;
  readonly live: boolean;
  readonly why: readonly string[];
  readonly feeds: readonly {
    readonly feed: string;
    readonly state: string;
    readonly wanted: { readonly clients: number };
    readonly set: { readonly worker: string | null } | null;
    readonly last_answer_at: string | null;
    readonly last_publication: { readonly seen_at: string } | null;
    readonly next_poll_at: string | null;
    readonly quarantine: object | null;
  }[];
}
