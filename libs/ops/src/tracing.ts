import type { SetRef } from '#core';

/** Spans of a worker: a poll with its request and its commits. A poll that sends no request has none. */
export interface PollTracing {
  /** Runs what is to be done for a set now. */
  poll<T>(set: SetRef, run: () => Promise<T>): Promise<T>;
  /** Runs the request of a poll. @param tickets how many it asks for */
  request<T>(tickets: number, run: () => Promise<T>): Promise<T>;
  /** Runs a commit of a poll. @param entries how many messages and statuses it has */
  commit<T extends { readonly kind: string }>(entries: number, run: () => Promise<T>): Promise<T>;
  /** The span that runs, as the header `traceparent` of W3C Trace Context; null: none. */
  traceparent(): string | null;
  /** The same, if its trace is recorded. */
  recorded(): string | null;
}

/** Spans of a gateway: hearing what a commit published, and writing it to clients. */
export interface DeliveryTracing {
  /** A publication was heard. @param trace what {@link PollTracing.recorded} gave to its commit */
  heard(trace: string, publication: object): void;
  /** A publication was written to the first of its clients. */
  written(publication: object): void;
}

/** Traces of one program, sent by OTLP. */
export interface Tracing {
  readonly polls: PollTracing;
  readonly deliveries: DeliveryTracing;
  /** Sends what is left, for 2 s at most. */
  stop(): Promise<void>;
}

export interface TracingSettings {
  /** Empty: there are no traces. */
  readonly otelExporterOtlpEndpoint: string;
  readonly otelExporterOtlpProtocol: 'http/protobuf' | 'http/json';
}
