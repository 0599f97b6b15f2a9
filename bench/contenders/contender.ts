import type { Crowd } from '../load/orders.js';
import type { Weighed } from '../support/weighed.js';

/** One message to be published. */
export interface Posting {
  /** Index of the ticket. */
  readonly ticket: number;
  /** Its number within the ticket, from 1. */
  readonly number: number;
}

/** Something that fans out. */
export interface Contender {
  readonly name: string;
  /** The process that serves the clients: the one whose CPU and memory count. */
  readonly server: Weighed;
  /** How clients reach it. */
  readonly door: Pick<Crowd, 'dialect' | 'port' | 'path' | 'subscribes'>;
  publish(postings: readonly Posting[]): Promise<void>;
  stop(): Promise<void>;
}

export interface ContenderKind {
  readonly name: string;
  /** Why it cannot be measured here; null where it can. */
  absent(): string | null;
  start(): Promise<Contender>;
}
