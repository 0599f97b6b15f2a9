import type { AttemptOutcome, LeaseAfterCommit } from '#core';

/**
 * What each script of lua/ takes, by the names that the script uses. The header of each file tells what they mean. All
 * times are whole milliseconds since 1970. An argument that is absent is nil in the script: null must not be sent.
 */
export interface ScriptArguments {
  readonly try: { readonly thorough: boolean; readonly channel: string; readonly token: string };
  readonly begin: OfSet & {
    readonly now: number;
    readonly owner: string;
    readonly leaseUntil: number;
    readonly membersDigest: string | undefined;
  };
  readonly release: OfSet & { readonly owner: string };
  readonly commit: FromFence & {
    readonly entries: readonly EntryArgument[];
    readonly lease: LeaseAfterCommit | undefined;
    readonly due: { readonly active: number; readonly idle: number } | undefined;
    readonly learned:
      { readonly cursorHistory: string; readonly answerDigest: string; readonly order: string } | undefined;
    readonly backfilled: readonly string[];
    readonly bisection: string | undefined;
    readonly known: PositionArgument | undefined;
    readonly newEpoch: string;
    readonly trace: string | undefined;
  };
  readonly fail: FromFence & { readonly due: number; readonly reason: string };
  readonly 'record-bisection': FromFence & {
    readonly bisection: string;
    readonly due: number | undefined;
    readonly reason: string | undefined;
    readonly quarantined: readonly string[];
  };
  readonly want: OfFeed & {
    readonly now: number;
    readonly wantedUntil: number;
    readonly newEpoch: string;
    readonly isArrival: boolean;
    readonly tickets: readonly string[];
  };
  readonly hint: OfFeed & { readonly now: number; readonly tickets: readonly string[] };
  readonly sweep: OfFeed & { readonly now: number; readonly most: number };
  readonly look: { readonly bases: readonly string[] };
  readonly 'claim-visits': { readonly now: number; readonly putOffTo: number; readonly most: number };
  readonly 'settle-visits': {
    readonly putOffTo: number;
    readonly next: readonly (readonly [feed: string, at?: number])[];
  };
  readonly 'lost-jobs': {
    readonly jobs: readonly (readonly [id: string, data: string])[];
    readonly name: string;
    readonly now: number;
    readonly latest: number;
  };
  readonly 'forget-feeds': { readonly before: number; readonly feeds: readonly string[] };
  readonly audit: OfFeed & { readonly now: number };
  readonly pack: OfFeed & { readonly now: number };
  readonly history: OfFeed & {
    readonly now: number;
    readonly newEpoch: string;
    readonly barrierChannel: string;
    readonly barrier: string | undefined;
    readonly known: PositionArgument | undefined;
    readonly claim: PositionArgument | undefined;
    readonly wants: readonly {
      readonly case: string;
      readonly atLeast: number;
      readonly after: number | undefined;
      readonly upTo: number | undefined;
    }[];
  };
  readonly extent: OfFeed & {
    readonly newEpoch: string;
    readonly wants: readonly { readonly case: string; readonly count: number | undefined }[];
  };
  readonly slice: OfFeed & {
    readonly now: number;
    readonly newEpoch: string;
    readonly known: PositionArgument | undefined;
    readonly after: number;
    readonly upTo: number;
    readonly events: number;
    readonly bytes: number;
    readonly cases: readonly string[];
    readonly floors: readonly number[] | undefined;
  };
  readonly page: OfFeed & {
    readonly now: number;
    readonly newEpoch: string;
    readonly case: string;
    readonly after: PositionArgument | undefined;
    readonly limit: number;
  };
  readonly 'page-before': OfFeed & {
    readonly now: number;
    readonly newEpoch: string;
    readonly case: string;
    readonly before: PositionArgument | undefined;
    readonly limit: number;
  };
  readonly 'delivered-at': OfFeed & {
    readonly case: string;
    readonly names: readonly { readonly i: string; readonly c: string | undefined }[];
  };
  readonly unread: OfFeed & {
    readonly now: number;
    readonly newEpoch: string;
    readonly seenAt: number;
    readonly counts: readonly { readonly name: string; readonly count: number; readonly status: number | undefined }[];
  };
  readonly 'keep-older': { readonly now: number; readonly name: string; readonly text: string };
  readonly 'begin-attempt': OfAttempt & { readonly countsUntil: number; readonly refusals: number };
  readonly 'end-attempt': OfAttempt & { readonly outcome: AttemptOutcome };
  readonly connect: {
    readonly gateway: string;
    readonly own: readonly number[];
    readonly most: readonly number[];
    readonly ended: readonly string[];
  };
  readonly pause: OfFeed & { readonly at: number | undefined };
  readonly 'release-ticket': OfFeed & { readonly case: string; readonly now: number };
  readonly revoke: {
    readonly entries: readonly { readonly id: string; readonly text: string }[];
    readonly most: number;
    readonly latest: number;
    readonly keptUntil: number;
    readonly stamp: string;
    readonly channel: string;
    readonly message: string;
  };
  readonly quota: {
    readonly now: number;
    readonly set: string;
    readonly rank: number;
    readonly isUnknown: boolean;
  };
}

export type ScriptName = keyof ScriptArguments;

interface OfAttempt {
  readonly now: number;
  readonly credentials: string;
  readonly attempt: string;
  readonly window: number;
}

interface OfFeed {
  /** {@link Keys.base}. */
  readonly base: string;
}

interface OfSet extends OfFeed {
  readonly id: number;
}

interface FromFence extends OfSet {
  readonly fence: number;
  readonly now: number;
}

interface PositionArgument {
  readonly epoch: string;
  readonly offset: number;
}

/** One thing that a poll found, as commit.lua takes it. */
export type EntryArgument =
  | {
      readonly kind: 'm';
      readonly case: string;
      readonly identity: string;
      readonly class: string | undefined;
      readonly seenAt: number;
      readonly sentAt: number | undefined;
      readonly message: string;
    }
  | { readonly kind: 's'; readonly case: string; readonly status: number; readonly seenAt: number };
