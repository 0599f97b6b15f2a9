/** Injects the gateway's `Tracing`; null where it does not trace. */
export const TRACING = Symbol('tracing');
