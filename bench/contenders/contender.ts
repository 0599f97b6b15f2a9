import type { ConnectionPlan } from '../load/commands.js';
import type { MeasuredProcess } from '../support/measured-process.js';

/** One message to be published. */
export interface Posting {
  /** Index of the ticket. */
  readonly ticket: number;
  /** Its number within the ticket, from 1. */
  readonly number: number;
}

/** A server that fans out, under measurement. */
export interface Contender {
  readonly name: string;
  /** The process that serves the clients. Its CPU and memory are measured. */
  readonly server: MeasuredProcess;
  /** Where and how clients connect. */
  readonly endpoint: Pick<ConnectionPlan, 'dialect' | 'port' | 'path' | 'subscribes' | 'tokens'>;
  publish(postings: readonly Posting[]): Promise<void>;
  stop(): Promise<void>;
}

export interface ContenderKind {
  readonly name: string;
  /** Why it cannot be measured on this machine; null if it can. */
  absent(): string | null;
  start(): Promise<Contender>;
}
