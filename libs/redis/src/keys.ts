import type { CaseId, FeedKey } from '#core';

/**
 * Every Redis key and channel is spelled here or, from {@link base} on, in lua/*.lua:
 *
 * | key | type | holds | ends |
 * | --- | --- | --- | --- |
 * | `P:life` | string | name of the life that began when Redis was last found empty | never |
 * | `P:feeds` | sorted set | feeds by the time (ms) until which they were last known to have tickets | ten minutes after that |
 * | `{P:quota}`, `:waiting`, `:asking` | hash, sorted sets | next turn, pause; sets that wait for a turn | an hour after the last use |
 * | `P:answered` | string | when a request was sent that the upstream answered, ms: the newest, to a second | an hour after it |
 * | `P:{F}:feed` | hash | epoch, offset, sets (last set id), nursery, primed, unsettled, state, since, reason, doubted (Redis process in which a client's word began a new life) | twice the history's life after its last set |
 * | `P:{F}:interest` | sorted set | ticket by the end of its lease, ms | with the lease |
 * | `P:{F}:place` | hash | ticket to set id | with the lease |
 * | `P:{F}:sizes`, `:due` | sorted sets | set id by number of tickets, by due time (ms) | with the set |
 * | `P:{F}:apart` | sorted set | tickets that the upstream refuses by when they are polled again, ms; infinite while they are | when it answers for them, or nobody wants them |
 * | `P:{F}:failing` | set | ids of sets whose polls fail | with the failure, or the set |
 * | `P:{F}:ages` | sorted set | feed offsets by time: what is older than the history's life | twice that life |
 * | `P:{F}:set:N` | hash | fence, hold, holder, members, joining, trail, digest, order, lively, due, hinted, again, failures, search | with its last ticket |
 * | `P:{F}:ticket:T` | hash | last, trimmed (offsets), status, refusals (in a row) | history's life after the ticket left |
 * | `P:{F}:history:T` | stream | publications, the offset is the id | history's life after the last one |
 * | `P:{F}:delivered:T` | sorted set | identities by offset | history's life after the ticket left |
 *
 * Channels: `P:{F}:news:T` publications of a ticket, `P:{F}:news` the feed's state and which of its tickets
 * are apart, `P:{F}:barrier:G` of one gateway, `P:wake` sets
 * that changed between two polls, for the worker that keeps them, `P:throttled` until when the upstream throttles, ms.
 */
export class Keys {
  constructor(private readonly prefix: string) {}

  /** Missing where Redis lost its data. */
  get dataId(): string {
    return `${this.prefix}:life`;
  }

  get feeds(): string {
    return `${this.prefix}:feeds`;
  }

  /** What workers know of the upstream's answers. */
  get answered(): string {
    return `${this.prefix}:answered`;
  }

  /** Where workers hear of sets that changed between two polls. */
  get wakeChannel(): string {
    return `${this.prefix}:wake`;
  }

  /** Where workers hear that the upstream throttled the account. */
  get throttledChannel(): string {
    return `${this.prefix}:throttled`;
  }

  /** The quota's keys, in the order in which quota.lua takes them. One hash tag: one script reads all three. */
  get quota(): readonly [string, string, string] {
    const base = `{${this.prefix}:quota}`;
    return [base, `${base}:waiting`, `${base}:asking`];
  }

  /** Prefix of BullMQ's keys: one hash tag, because BullMQ's scripts touch several keys of a queue. */
  get queuePrefix(): string {
    return `{${this.prefix}:queue}`;
  }

  /** What all keys of a feed begin with: one hash tag, so that one script can commit a set on a cluster (invariant 6). */
  base(feed: FeedKey): string {
    return `${this.prefix}:{${feed}}:`;
  }

  feed(feed: FeedKey): string {
    return `${this.base(feed)}feed`;
  }

  due(feed: FeedKey): string {
    return `${this.base(feed)}due`;
  }

  newsChannel(feed: FeedKey, caseId: CaseId): string {
    return `${this.base(feed)}news:${caseId}`;
  }

  stateChannel(feed: FeedKey): string {
    return `${this.base(feed)}news`;
  }

  barrierChannel(feed: FeedKey, gateway: string): string {
    return `${this.base(feed)}barrier:${gateway}`;
  }
}
