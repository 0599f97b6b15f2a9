export { AuthenticateDto } from './authenticate.dto.js';
export { CaseMessagesDto, CaseSnapshotDto, SNAPSHOT_HISTORY_MAX, PAGE_DEFAULT, PAGE_MAX } from './case-messages.dto.js';
export { CLOSE_REASONS, closing, type RetryBounds } from './close-reasons.js';
export { asyncApiDocument, REQUEST_NAMES } from './documents/asyncapi.js';
export { LLMS_TEXT } from './documents/llms-text.js';
export { eventSchemaName, openApiDocument, OPERATIONS } from './documents/openapi.js';
export type { Operation } from './documents/operation.js';
export { encodePublication, encodeSnapshot, gapData, upstreamData } from './encode.js';
export {
  httpProblem,
  PROBLEM_CODES,
  PROBLEM_TYPE,
  REFUSALS,
  refusalError,
  refusalProblem,
  retryMsOf,
  TOO_MANY_REQUESTS,
  type Problem,
} from './errors.js';
export type * from './events.js';
export { RUN_MAX_BYTES, type FrameRun } from './frame-run.js';
export { InstantMessagesDto, WAIT_MAX_S } from './instant-messages.dto.js';
export { kindOf } from './kind-of.js';
export { LANGUAGES_PATTERN } from './language-ranges.js';
export { Refusal, type RefusalCode } from './refusal.js';
export { OlderIds, type OlderPlace } from './older-ids.js';
export { PositionIds, type PositionSecrets } from './position-ids.js';
export {
  SSE_HEARTBEAT_COMMENT,
  SSE_HEARTBEAT_EVENT,
  sseEvent,
  SseFrames,
  sseRetry,
  type SseFrame,
} from './sse-frame.js';
export { EVENT_NAMES, EVENT_SCHEMAS } from './schemas/event-schemas.js';
export { LOG_LEVEL_REQUEST, REVOCATION_REQUEST } from './schemas/admin-schemas.js';
export type { JsonSchema } from './schemas/json-schema.js';
export * as requestSchemas from './schemas/request-schemas.js';
export { sioEvent, SioFrames, type SioFrame } from './sio-frame.js';
export {
  ClientDto,
  EVENT_ID_PATTERN,
  HISTORY_DEFAULT,
  isOn,
  HISTORY_MAX,
  StreamDto,
  SubscribeDto,
  TicketsDto,
  type Heartbeat,
} from './subscribe.dto.js';
export { UPSTREAM_INTERNAL, upstreamErrorOf, type UpstreamError } from './upstream-error.js';
