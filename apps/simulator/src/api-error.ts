import { type ServerResponse } from 'node:http';

/** An error as the upstream writes it. */
export interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export const JSON_TYPE = 'application/json;charset=utf-8';

export const invalidParameter = (reason: string): ApiError => ({
  status: 400,
  code: 'OSM.0001',
  message: `Invalid parameter: ${reason}`,
});

/** The service's own code for wrong parameters. */
export const badCursor = (status: 200 | 400): ApiError => ({
  status,
  code: 'OSM.01010001',
  message: 'Invalid parameter: last_message_time_id',
});

/** `APIGW.` codes come from the API gateway, which checks identities and throttles; `OSM.` codes come from the service. */
export const wrongIdentity = (detail: string): ApiError => ({
  status: 401,
  code: 'APIGW.0301',
  message: `Incorrect IAM authentication information: ${detail}`,
});

export const throttled: ApiError = {
  status: 429,
  code: 'APIGW.0308',
  message: 'The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 second',
};

export const noPermission = (status: 200 | 403): ApiError => ({
  status,
  code: 'OSM.01010002',
  message: 'No permission to access the service ticket',
});

/** Errors of the API gateway repeat the request id in the body. Errors of the service do not. */
export function errorBody(error: ApiError, requestId: string): string {
  const body = { error_code: error.code, error_msg: error.message };
  return JSON.stringify(error.code.startsWith('APIGW.') ? { ...body, request_id: requestId } : body);
}

/** Sends a whole answer. It has a `Content-Length`, so that the connection can be used again. */
export function sendText(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, { 'Content-Type': JSON_TYPE, ...headers, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
