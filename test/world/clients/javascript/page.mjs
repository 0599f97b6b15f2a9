/** What fetch-event-source and event-source-polyfill expect of a page. */
globalThis.window = globalThis;
globalThis.document = {
  hidden: false,
  readyState: 'complete',
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};
