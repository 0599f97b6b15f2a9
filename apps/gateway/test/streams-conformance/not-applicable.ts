/** Cases of the conformance suite of Durable Streams that do not apply here, and why. */
export interface NotApplicable {
  readonly reason: string;
  /** Names of groups; all of their cases are left out. */
  readonly groups?: readonly string[];
  /** `group › case` */
  readonly cases?: readonly string[];
}

export const NOT_APPLICABLE: readonly NotApplicable[] = [
  {
    reason:
      'Streams are for reading: nobody creates, appends to, ends, forks or deletes one, and none has an end of life.',
    groups: [
      'Basic Stream Operations',
      'Append Operations',
      'TTL and Expiry Validation',
      'Case-Insensitivity',
      'Content-Type Validation',
      'TTL and Expiry Edge Cases',
      'HEAD Metadata Edge Cases',
      'TTL Expiration Behavior',
      'Sequence Ordering Properties',
      'Concurrent Writer Stress Tests',
      'Idempotent Producer Operations',
      'Stream Closure',
      'Fork - Creation',
      'Fork - Reading',
      'Fork - Appending',
      'Fork - Recursive',
      'Fork - Live Modes',
      'Fork - Deletion and Lifecycle',
      'Fork - TTL and Expiry',
      'Fork - JSON Mode',
      'Fork - Edge Cases',
      'Reserved subscription APIs',
    ],
    cases: [
      'HTTP Protocol › should return correct headers on PUT',
      'HTTP Protocol › should return 200 on idempotent PUT with same config',
      'HTTP Protocol › should return 409 on PUT with different config',
      'HTTP Protocol › should return correct headers on POST',
      'HTTP Protocol › should return 404 on POST to non-existent stream',
      'HTTP Protocol › should return 409 on content-type mismatch',
      'HTTP Protocol › should return 404 on DELETE non-existent stream',
      'HTTP Protocol › should return 204 on successful DELETE',
      'HTTP Protocol › should enforce sequence ordering',
      'HTTP Protocol › should enforce lexicographic seq ordering ("2" then "10" rejects)',
      'HTTP Protocol › should allow lexicographic seq ordering ("09" then "10" succeeds)',
      'HTTP Protocol › should reject duplicate seq values',
      'Browser Security Headers › should include X-Content-Type-Options: nosniff on PUT responses',
      'Browser Security Headers › should include X-Content-Type-Options: nosniff on POST responses',
      'Protocol Edge Cases › should reject empty POST body with 400',
      'Protocol Edge Cases › should enforce case-sensitive seq ordering',
      'Protocol Edge Cases › should return Location header on 201',
      'Protocol Edge Cases › should reject missing Content-Type on POST',
      'Protocol Edge Cases › should accept PUT without Content-Type (use default)',
      'Chunking and Large Payloads › should handle large payload appropriately',
      'JSON Mode › should reject POST with empty array body',
      'JSON Mode › should reject invalid JSON with 400',
      'JSON Mode › should reject empty JSON arrays with 400',
    ],
  },
  {
    reason: 'Whether there is a ticket is not told (A4), so there is no 404.',
    cases: [
      'Browser Security Headers › should include security headers on error responses',
      'HEAD Metadata › should return 404 for non-existent stream',
      'Offset Validation and Resumability › should return 404 for offset=now on non-existent stream',
      'Offset Validation and Resumability › should return 404 for offset=now with long-poll on non-existent stream',
      'Offset Validation and Resumability › should return 404 for offset=now with SSE on non-existent stream',
    ],
  },
  {
    reason: 'The content type is always application/json: no stream is binary, and an event stream needs no base64.',
    cases: [
      'SSE Mode › base64 SSE catch-up pairs every data event with a control event',
      'SSE Mode › should base64 encode data events only, control events remain JSON',
      'SSE Mode › should auto-detect binary streams and return base64 encoded data in SSE mode',
      'SSE Mode › should include Stream-SSE-Data-Encoding header for binary streams',
      'SSE Mode › should handle empty binary payload with auto-detected base64 encoding',
      'SSE Mode › should handle large binary payload with auto-detected base64 encoding',
      'SSE Mode › should handle binary data with special bytes using auto-detected base64 encoding',
      'SSE Mode › should auto-detect base64 encoding for application/x-protobuf streams',
      'SSE Mode › should auto-detect base64 encoding for image/png streams',
      'SSE Mode › should handle offset=now with auto-detected base64 encoding for binary streams',
    ],
  },
  {
    reason: 'Of text with line breaks: an event is one line of JSON, in which they are escaped.',
    cases: [
      'SSE Mode › should handle newlines in text/plain payloads',
      'SSE Mode › should prevent CRLF injection in payloads - embedded event boundaries become literal data',
      'SSE Mode › should prevent CRLF injection - LF-only attack vectors',
      'SSE Mode › should prevent CRLF injection - carriage return only attack vectors',
    ],
  },
];
