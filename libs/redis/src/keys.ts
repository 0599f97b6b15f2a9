import type { CaseId, CredentialKind, FeedKey } from '#core';

import { ScriptKeys } from './script-keys.js';

/**
 * Every Redis key and channel is spelled here or, from {@link base} on, in lua/*.lua.
 *
 * Names of keys, of hash fields and of Pub/Sub texts stay as they are, also where the code has a better word by now:
 * in a rolling upgrade old and new workers and gateways run side by side for a while, and must understand each other.
 * The right column says what an old name stands for.
 *
 * Every key and channel begins with `P:`, those of BullMQ (`P:{queue}:…`) too, so that one ACL pattern covers them all
 * (OPERATIONS.md, "Rights"). A hash tag stands behind the prefix, never around it. No feed is called `quota`, `queue`,
 * `attempts` or `older`.
 *
 * | key | type | holds | ends |
 * | --- | --- | --- | --- |
 * | `P:life` | string | data id: a random name that is missing when Redis lost its data, and is then given anew | never |
 * | `P:secret` | string | what signs positions | never |
| `P:layout` | string | number of the layout that these tables describe (layout.ts) | never |
| `P:{try:N}:K`, `P:{try:N}:by:X` | of each type | nothing that is kept: what process X tries (needs-watch.ts) | at once; a minute after its process |
 * | `P:feeds` | sorted set | feeds by the time (ms) until which they are wanted | a minute after that, when nothing is left of the feed |
 * | `P:visits` | sorted set | feeds by the time (ms) at which a worker visits them next, with a half if that visit is thorough | when nothing is left of the feed |
 * | `P:visits:all` | string | when all feeds were to be visited thoroughly, ms | ten seconds later |
 * | `P:workers` | hash | workers that poll: when each last told so, ms, and how many sets it can poll, if it is saturated | a minute after a worker's death; an hour after the last one |
 * | `P:{quota}`, `:waiting`, `:asking`, `:unknown` | hash, sorted sets | next turn, pause; sets that wait for a turn; of those with tickets that the upstream may not know, from when on | an hour after the last use |
 * | `P:{older}:parts` | hash | what the upstream was asked for beyond history, by name; `#` their bytes | five minutes after the last one |
 * | `P:{older}:ages` | sorted set | the same names, with their bytes, by when they were kept, ms | five minutes after the last one |
 * | `P:unread` | sorted set | feeds by the time (ms) until which unread counts are wanted | never; a feed is looked at until its time |
 * | `P:{F}:unread` | sorted set | tickets by the time (ms) until which their unread counts are wanted | two leases after the last one |
 * | `P:{F}:unread:claim` | string | the worker that asks for them, or has asked for them in this interval | with the interval, or a request's time after its death |
 * | `P:overview`, `P:overview:claim` | strings | feeds, sets and ages of all of them, as JSON; the process that looks | five minutes, and a minute at most, after it has looked |
 * | `P:answered` | string | when a request was sent that the upstream answered, ms: the newest, to a second | an hour after it |
 * | `P:{attempts}:K:refused`, `:open` | sorted sets | attempts with credentials of kind `K` (`login`, `signature`), `digest:attempt`: by when they were refused, ms; by until when they count as under way, ms | when none counts any more, 15 min at most |
 * | `P:gateways` | sorted set | gateways by the time (ms) until which their connections are counted | ten minutes after the last renewal |
 * | `P:offers` | sorted set | what each gateway says (`G accepts N` connections a second, or `G leaves N` clients, because it drains) by the time (ms) until which it holds | three seconds after the last one |
 * | `P:connections:D` | hash | gateway to how many connections it has of the subject with the digest D | with the last one, an hour after the last change or renewal |
 * | `P:revocations` | hash | id of a revocation to its JSON; `#` a name for the state of the list | a minute after its last revocation |
 * | `P:{F}:feed` | hash | the feed, see below | twice the history's life after its last set |
 * | `P:{F}:interest` | sorted set | ticket by the time (ms) until which it is wanted | when the ticket left |
 * | `P:{F}:place` | hash | ticket to set id | when the ticket left |
 * | `P:{F}:sizes`, `:due` | sorted sets | set id by number of tickets, by due time (ms) | with the set |
 * | `P:{F}:apart` | sorted set | quarantined tickets by when they are polled again, ms; infinite while they are | when the upstream answers for it, or nobody wants it |
 * | `P:{F}:failing` | set | ids of sets whose polls fail | with the failure, or the set |
 * | `P:{F}:ages` | sorted set | feed offsets by time (ms): what is older than the history's life | twice that life |
 * | `P:{F}:set:N` | hash | the ticket set, see below | with its last ticket |
 * | `P:{F}:ticket:T` | hash | `last`, `trimmed` (offsets), `since` (the offset since which it is known; absent: since its first publication), `status`, `refusals` (in a row), `messages`, `awaited` while its first poll is still to come, `names`, `n0`.. the names of many delivered messages (lua/_names.lua); of `T,unread` also `unread`: count and status | the history's life after the ticket left |
 * | `P:{F}:history:T` | stream | publications (`p`) with the identity (`i`) and the class (`c`) of a message, the offset is the id | the history's life after the last one |
 * | `P:{F}:delivered:T` | sorted set | up to 128 names of delivered messages by offset: identities, and `~class.k` for the k-th of a class | when there are more, or the history's life after the ticket left |
 * | `P:{F}:never`, `P:{quota}:never`, `P:{older}:never`, `P:{queue}:never` | none | nothing: scripts name it (script-keys.ts), and nobody writes it | never there |
 *
 * | field of a feed | means |
 * | --- | --- |
 * | `epoch`, `offset` | the stream position |
 * | `sets` | id of the newest set |
 * | `nursery`, `primed` | id of the staging set; when the newest staging set is or was due, ms |
 * | `unsettled` | reservations of sets are suspended until then, ms |
 * | `lease` | the longest that a gateway asked for, ms |
 * | `paused` | when an operator paused it, ms: no set of it is polled |
 * | `lost` | how often keys of the feed were lost and made again, since a worker was told |
 * | `state`, `since`, `reason` | of the upstream: `ok` or `degraded`, ms, why |
 *
 * | field of a set | means |
 * | --- | --- |
 * | `fence` | moves with every change of the set |
 * | `hold`, `holder` | the set lease: its end, ms; its owner |
 * | `members`, `joining` | tickets, joined by line feeds |
 * | `trail`, `digest`, `order` | cursor history as JSON; digest of the last answer; listing order |
 * | `due`, `lively` | when it is due; when it last was active, ms |
 * | `answered` | when the answer for all of its members was last committed, ms |
 * | `hinted`, `again` | when a hint last made it due; a hint that came while a poll was in flight, ms |
 * | `failures`, `search` | failed polls in a row; the bisection as JSON |
 * | `error`, `failed` | why the newest failed poll failed, as clients would be told; when, ms |
 * | `unknown` | `1` where the upstream has shown nothing of any of its tickets, or has refused its only one; before the first answer: where nothing was ever published in the feed |
 *
 * `messages` of a ticket: absent while it has none, `1` while all of their identities are known, `?` after some were lost.
 *
 * Any of these keys can be lost alone: deleted by hand, or evicted by a Redis that was told to. What is lost is made again
 * from the others (lua/audit.lua, _tickets.lua, _epoch.lua), or it is told as a gap (commit.lua).
 *
 * Channels: `P:{F}:news:T` publications of a ticket; `P:{F}:news` the feed's state, and tickets that are quarantined
 * (`apart T`) or are not any more (`back T`); `P:{F}:backfilled` tickets whose first poll is complete; `P:{F}:barrier:G` of one gateway; `P:wake` sets that changed between two
 * polls, for the worker that keeps them; `P:throttled` until when the upstream throttles, ms; `P:full` subjects that have as
 * many connections as they may have, while a client waits; `P:{try:0}:by:X` where process X hears itself; `P:revoked` new revocations; `P:ask` what operators ask all
 * processes, and `P:answer:X` what process X is answered; `P:gateway:G` to which a gateway is subscribed as long as it lives.
 */
export class Keys {
  constructor(private readonly prefix: string) {}

  /** Missing where Redis lost its data. */
  get dataId(): string {
    return `${this.prefix}:life`;
  }

  /** The number of the layout of the keys. */
  get layout(): string {
    return `${this.prefix}:layout`;
  }

  /** Where commands are tried. @param tag one of several, in other slots */
  trial(tag: number): string {
    return `${this.prefix}:{try:${tag}}:`;
  }

  /** What signs positions. */
  get positionSecret(): string {
    return `${this.prefix}:secret`;
  }

  get feeds(): string {
    return `${this.prefix}:feeds`;
  }

  /** When each feed is to be visited by a worker. */
  get visits(): string {
    return `${this.prefix}:visits`;
  }

  /** Whether all feeds are visited thoroughly at the moment. */
  get visitsOfAll(): string {
    return `${this.prefix}:visits:all`;
  }

  /** What one process saw of all feeds and sets. */
  get overview(): string {
    return `${this.prefix}:overview`;
  }

  /** The process that looks. */
  get overviewClaim(): string {
    return `${this.prefix}:overview:claim`;
  }

  /** Workers that poll at the moment. */
  get workers(): string {
    return `${this.prefix}:workers`;
  }

  /** When the newest answered request was sent: the upstream liveness that all workers share. */
  get answered(): string {
    return `${this.prefix}:answered`;
  }

  /** Attempts that were refused, and attempts that have no outcome yet. One hash tag, because one script reads both. */
  attempts(kind: CredentialKind): readonly [string, string] {
    const base = `${this.prefix}:{attempts}:${kind}`;
    return [`${base}:refused`, `${base}:open`];
  }

  /** The channel that tells workers which sets changed between two polls. */
  get wakeChannel(): string {
    return `${this.prefix}:wake`;
  }

  /** The channel that tells workers that the upstream throttled the account. */
  get throttledChannel(): string {
    return `${this.prefix}:throttled`;
  }

  /** Gateways whose connections are counted. */
  get gateways(): string {
    return `${this.prefix}:gateways`;
  }

  /** What gateways can accept, or send away. */
  get offers(): string {
    return `${this.prefix}:offers`;
  }

  /** Nothing is published there: a gateway is subscribed as long as it lives. @param process id of the gateway's process */
  presenceChannel(process: string): string {
    return `${this.prefix}:gateway:${process}`;
  }

  /** @param digest of a subject */
  connections(digest: string): string {
    return `${this.prefix}:connections:${digest}`;
  }

  /** Where gateways hear that a client waits for its subject to have fewer connections. */
  get fullChannel(): string {
    return `${this.prefix}:full`;
  }

  /** Rights that were ended early. */
  get revocations(): string {
    return `${this.prefix}:revocations`;
  }

  /** Where gateways hear of new revocations. */
  get revokedChannel(): string {
    return `${this.prefix}:revoked`;
  }

  /** Where questions of operators are heard by all gateways and workers. */
  get askChannel(): string {
    return `${this.prefix}:ask`;
  }

  /** Where the answers to questions go. @param process id of the process that asked */
  answerChannel(process: string): string {
    return `${this.prefix}:answer:${process}`;
  }

  /** The quota's keys, in the order in which quota.lua takes them. One hash tag: one script reads them all. */
  get quota(): readonly [string, string, string, string, string] {
    const base = `${this.prefix}:{quota}`;
    return [base, `${base}:waiting`, `${base}:asking`, `${base}:unknown`, `${base}:never`];
  }

  /** Feeds of which unread counts are wanted. */
  get unreadFeeds(): string {
    return `${this.prefix}:unread`;
  }

  unread(feed: FeedKey): string {
    return `${this.base(feed)}unread`;
  }

  unreadClaim(feed: FeedKey): string {
    return `${this.base(feed)}unread:claim`;
  }

  /** What keep-older.lua takes: what no key is called, the parts, their ages. */
  get older(): readonly [string, string, string] {
    const base = `${this.prefix}:{older}`;
    return [`${base}:never`, `${base}:parts`, `${base}:ages`];
  }

  /** Prefix of BullMQ's keys: one hash tag, because BullMQ's scripts touch several keys of a queue. */
  get queuePrefix(): string {
    return `${this.prefix}:{queue}`;
  }

  /** What scripts are given that touch jobs: a key that never exists is the first (script-keys.ts). */
  get noJob(): string {
    return `${this.queuePrefix}:never`;
  }

  /** Prefix of all keys of a feed: one hash tag, so that one script can commit a set on a cluster (invariant 6). */
  base(feed: FeedKey): string {
    return `${this.prefix}:{${feed}}:`;
  }

  /** What scripts are given. */
  ofScripts(feed: FeedKey): ScriptKeys {
    return new ScriptKeys(this.base(feed));
  }

  due(feed: FeedKey): string {
    return `${this.base(feed)}due`;
  }

  publicationChannel(feed: FeedKey, caseId: CaseId): string {
    return `${this.base(feed)}news:${caseId}`;
  }

  stateChannel(feed: FeedKey): string {
    return `${this.base(feed)}news`;
  }

  /** Tickets whose first poll is complete, with spaces in between. */
  backfilledChannel(feed: FeedKey): string {
    return `${this.base(feed)}backfilled`;
  }

  barrierChannel(feed: FeedKey, gateway: string): string {
    return `${this.base(feed)}barrier:${gateway}`;
  }
}
