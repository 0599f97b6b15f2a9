import type { TicketMessage } from '#client';

/** The time of a message as the reader's clock shows it. */
export interface ShownTime {
  readonly short: string;
  readonly full: string;
  readonly iso: string;
  /** For a line between two days. */
  readonly day: string;
}

/** Formats are made once for a language: making one takes a hundred times as long as using it. */
const formats = new Map<string, readonly [Intl.DateTimeFormat, Intl.DateTimeFormat, Intl.DateTimeFormat]>();

function formatsFor(locale: string) {
  const known = formats.get(locale);
  if (known) return known;
  const made = [
    new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' }),
    new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }),
  ] as const;
  formats.set(locale, made);
  return made;
}

/** When it was sent; where that could not be read, when it was seen. */
export const instantOf = ({ sent_at: sent, seen_at: seen }: TicketMessage): number => Date.parse(sent ?? seen);

export function timeOf(event: TicketMessage, locale: string): ShownTime {
  const at = new Date(instantOf(event));
  const [short, full, day] = formatsFor(locale);
  return { short: short.format(at), full: full.format(at), day: day.format(at), iso: at.toISOString() };
}

export const clockTime = (at: number, locale: string): string => formatsFor(locale)[0].format(at);
