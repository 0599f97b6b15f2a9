import { parseFeedKey } from '#core';
import { ageOf, clientsOf, instant, nextPollAt, seconds, workerOf, type CaseFacts } from './case-facts.js';

/** A set that is due for longer than this is late, ms: workers do not keep up, or none polls. */
const LATE_MS = 5000;

/** What holds a ticket up, in the order in which it has to be looked at. `live`: nothing does. */
export type CaseState =
  'not_wanted' | 'paused' | 'quarantined' | 'no_worker' | 'late' | 'failing' | 'waiting' | 'lingering' | 'live';

/** Why a ticket is live, or is not. */
export function stateOf(facts: CaseFacts): CaseState {
  const { ticket, workers, now } = facts;
  const { set, quarantine, wantedUntil, pausedAt } = ticket;
  if (wantedUntil === null || wantedUntil <= now) {
    return 'not_wanted';
  }
  if (pausedAt !== null) {
    return 'paused';
  }
  if (quarantine !== null) {
    return 'quarantined';
  }
  const isLate = set === null || (set.dueAt !== null && now - set.dueAt > LATE_MS);
  if (isLate) {
    return workers.length === 0 ? 'no_worker' : 'late';
  }
  if (set.failures > 0) {
    return 'failing';
  }
  if (set.answeredAt === null) {
    return 'waiting';
  }
  return clientsOf(facts) === 0 ? 'lingering' : 'live';
}

/** The same in sentences, for people: who wants it, what holds it up, what to do. */
export function explain(facts: CaseFacts): readonly string[] {
  const { caseId, ticket } = facts;
  const { language, groupId } = parseFeedKey(ticket.feed);
  const where = groupId === undefined ? `language ${language}` : `language ${language}, group ${groupId}`;
  return [
    `${caseId} (${where}): ${wantedBy(facts)}`,
    VERDICTS[stateOf(facts)](facts),
    lastNews(facts),
    ...(ticket.upstream.state === 'degraded'
      ? [`Its feed is degraded since ${time(facts, ticket.upstream.since)}: ${ticket.upstream.reason ?? 'unknown'}.`]
      : []),
  ];
}

const VERDICTS: Readonly<Record<CaseState, (facts: CaseFacts) => string>> = {
  not_wanted: () =>
    'It is not live, because no client wants it: a ticket is polled only while a client is subscribed to it.',
  paused: (facts) =>
    `It is not live, because an operator paused its feed ${ago(facts, facts.ticket.pausedAt)}. ` +
    `POST /admin/feeds/${encodeURIComponent(facts.ticket.feed)}/resume lets it go on.`,
  quarantined: (facts) => {
    const { until = 0, refusals = 0 } = facts.ticket.quarantine ?? {};
    const when = Number.isFinite(until) ? `it is asked for again ${time(facts, until)}` : 'it is asked for now';
    return (
      `It is not live, because the upstream refuses it to the account (${refusals} times in a row): ${when}. ` +
      `Check the account's right to it. POST /admin/cases/${encodeURIComponent(facts.caseId)}/release asks at once.`
    );
  },
  no_worker: (facts) =>
    `It is not live, because no worker answers. ${setText(facts)} Start a worker, or look at Redis.`,
  late: (facts) =>
    `It is not live, because it is late. ${setText(facts)} Workers do not keep up: start another one, or raise UPSTREAM_MAX_RPS.`,
  failing: (facts) => {
    const { failures = 0, error } = facts.ticket.set ?? {};
    const what = error ? `${error.reason}, last ${ago(facts, error.at)}` : 'unknown';
    return (
      `It is not live, because its polls fail: ${what} (${failures} in a row). ` +
      `The upstream last answered ${ago(facts, facts.ticket.set?.answeredAt ?? null)}. ${nextText(facts)}`
    );
  },
  waiting: (facts) => `It is about to be live: it waits for the first answer of the upstream. ${nextText(facts)}`,
  lingering: (facts) =>
    `It is polled, but no client has it now: it is polled until ${time(facts, facts.ticket.wantedUntil)} ` +
    `(SUBSCRIPTION_LINGER_MS), unless one comes back. ${nextText(facts)}`,
  live: (facts) =>
    `It is live: the upstream answered ${ago(facts, facts.ticket.set?.answeredAt ?? null)}. ${nextText(facts)}`,
};

function wantedBy(facts: CaseFacts): string {
  const count = clientsOf(facts);
  const at = facts.gateways.map(({ gateway, clients }) => `${gateway} (${clients})`).join(', ');
  const { wantedUntil } = facts.ticket;
  if (count > 0) {
    return `${count} ${count === 1 ? 'client wants' : 'clients want'} it, at ${at}.`;
  }
  return wantedUntil !== null && wantedUntil > facts.now ? 'no client has it now.' : 'no client wants it.';
}

function setText(facts: CaseFacts): string {
  const { set } = facts.ticket;
  if (set === null) {
    return 'It is in no ticket set yet.';
  }
  const isLeased = set.leaseUntil !== null && set.leaseUntil > facts.now;
  const worker = isLeased ? `the worker ${workerOf(set, facts.workers) ?? ''} has it` : 'no worker has it';
  return `Its set ${set.set} was due ${ago(facts, set.dueAt)}, and ${worker}.`;
}

function nextText(facts: CaseFacts): string {
  const at = nextPollAt(facts);
  return at === null ? '' : `The next poll is due ${time(facts, at)}.`;
}

function lastNews(facts: CaseFacts): string {
  const { lastPublication: last } = facts.ticket;
  return last === null
    ? 'Nothing was published of it yet.'
    : `Its newest ${last.kind} was published ${ago(facts, last.seenAt)}.`;
}

function ago({ now }: CaseFacts, at: number | null): string {
  return at === null ? 'never' : `${ageOf(at, now)} s ago`;
}

/** An instant, and how far away it is. */
function time({ now }: CaseFacts, at: number | null): string {
  if (at === null) {
    return 'never';
  }
  const away = at >= now ? `in ${seconds(at - now)} s` : `${seconds(now - at)} s ago`;
  return `${away} (${instant(at)})`;
}
