/** What happened to the connection, for people. `text/` has the words, and what happens next. */
export type Happening =
  | { readonly kind: 'live'; readonly transport: string }
  | { readonly kind: 'caught-up'; readonly count: number }
  | { readonly kind: 'lost'; readonly reason: string; readonly retryInMs: number }
  | { readonly kind: 'offline' }
  | { readonly kind: 'degraded'; readonly reason: string }
  | { readonly kind: 'upstream-back' }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'gap'; readonly reason: string; readonly caseIds: readonly string[] }
  | { readonly kind: 'revoked'; readonly reason: string; readonly caseIds: readonly string[] }
  | { readonly kind: 'resumed'; readonly position: string };

export type JournalEntry = Happening & { readonly number: number; readonly at: number };

const ENTRIES_MAX = 100;

/** The last happenings, the newest first. */
export class Journal {
  entries: readonly JournalEntry[] = [];
  private last = 0;

  note(happening: Happening, at = Date.now()): void {
    this.last += 1;
    const entry: JournalEntry = { ...happening, number: this.last, at };
    this.entries = [entry, ...this.entries].slice(0, ENTRIES_MAX);
  }
}
