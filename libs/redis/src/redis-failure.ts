import { types } from 'node:util';

import { COMMAND_TIMEOUT_MS } from './connection.js';

/** In what state Redis is, as an error of a command or a connection shows it. */
export type RedisFailureKind = keyof typeof REDIS_FAILURES;

interface RedisFailureRule {
  /** For operators: what is wrong, and what to do. */
  readonly text: string;
  /** Redis answers, and refuses: waiting alone does not help. */
  readonly isRefusal: boolean;
  /** Another state that leads to this one: after it this one is no news. */
  readonly impliedBy?: string;
}

/** The closed table of states in which Redis does not do what Pollcast needs. */
export const REDIS_FAILURES = {
  unreachable: { text: 'Redis is out of reach', isRefusal: false },
  no_answer: { text: 'Redis does not answer', isRefusal: false, impliedBy: 'unreachable' },
  loading: { text: 'Redis loads its file, or is busy with a script', isRefusal: false },
  login_refused: { text: 'Redis refuses the user or the password of REDIS_URL', isRefusal: true },
  denied: { text: 'Redis denies its user a command, a key or a channel (OPERATIONS.md, Rights)', isRefusal: true },
  no_command: {
    text: 'Redis lacks a command: REDIS_URL names a sentinel, or a Redis older than 6.2 (a cluster: than 7)',
    isRefusal: true,
  },
  no_database: { text: 'Redis has no database of the number in REDIS_URL', isRefusal: true },
  moved: {
    text: 'REDIS_URL names one node of a cluster: name several of them, with commas in between',
    isRefusal: true,
  },
  cluster_down: { text: 'the Redis cluster has slots that no node serves', isRefusal: true },
  read_only: { text: 'Redis refuses writes: it is a replica, or cannot save to its disk', isRefusal: true },
  full: { text: 'Redis is full (maxmemory)', isRefusal: true },
  refused: { text: 'Redis refuses a command', isRefusal: true },
} as const satisfies Record<string, RedisFailureRule>;

export interface RedisFailure extends RedisFailureRule {
  readonly kind: RedisFailureKind;
  /** `host:port` of the node, where the error names one. */
  readonly node: string | null;
  /** The text of the error, without arguments of commands. */
  readonly reason: string;
  /** How long it had lasted when the error came, ms: a command was waited for. */
  readonly lastedMs: number;
  /** Name of the refused command, where the error has one. */
  readonly command: string | null;
}

/** Characters. */
const REASON_MAX = 200;
/** `ERR unknown command 'X', with args beginning with: 'a' 'b'`. */
const ARGUMENTS = /,? with args beginning with:.*$/s;

/** By the beginning of what Redis answers. */
const REPLIES: readonly (readonly [RegExp, RedisFailureKind])[] = [
  [/^NOPERM|user has no permissions|No permissions to/i, 'denied'],
  [/^(?:NOAUTH|WRONGPASS)|invalid (?:username-password|password)/, 'login_refused'],
  [/^(?:READONLY|NOREPLICAS|MISCONF)|Write commands are not allowed after/i, 'read_only'],
  [/^OOM/, 'full'],
  [/^(?:LOADING|BUSY)\b/, 'loading'],
  [/^(?:MOVED|ASK|CROSSSLOT) |Script attempted to access a non local key/, 'moved'],
  [/^(?:CLUSTERDOWN|MASTERDOWN|TRYAGAIN)/, 'cluster_down'],
  [/^ERR unknown command|Unknown Redis command/i, 'no_command'],
  [/DB index is out of range|^ERR SELECT is not allowed/, 'no_database'],
];

/** By the beginning of the text of ioredis, or of this library. */
const CONNECTION: readonly (readonly [RegExp, RedisFailureKind])[] = [
  [
    /^Command timed out|^Socket timeout|^Redis did not answer in time|^connect ETIMEDOUT|^no node of the cluster /,
    'no_answer',
  ],
  [
    /^Connection is closed|^Command aborted due to connection close|^Failed to refresh slots cache|^None of startup nodes|^Stream isn't writeable|^Too many Cluster redirections|^Cluster isn't ready|^Cluster is ended|^no node of the cluster is known/,
    'unreachable',
  ],
];

/** Codes of Node's errors on the way to a host. */
const NETWORK =
  /^(?:ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|EADDR|CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/;

/** What an error says of Redis; null if it says nothing: it is a fault of this program, or of another service. */
export function redisFailureOf(error: unknown): RedisFailure | null {
  if (!types.isNativeError(error)) {
    return null;
  }
  const kind = kindOf(error);
  if (kind === null) {
    return null;
  }
  const reason = (innermost(error) ?? error).message.replace(ARGUMENTS, '').slice(0, REASON_MAX);
  const lastedMs = kind === 'no_answer' ? COMMAND_TIMEOUT_MS : 0;
  return { kind, node: nodeOf(error), reason, command: commandOf(error), lastedMs, ...REDIS_FAILURES[kind] };
}

function kindOf(error: Error): RedisFailureKind | null {
  const inner = innermost(error);
  if (inner !== null) {
    return kindOf(inner) ?? 'unreachable';
  }
  if (error.name === 'ReplyError') {
    return REPLIES.find(([begin]) => begin.test(error.message))?.[1] ?? 'refused';
  }
  const known = CONNECTION.find(([begin]) => begin.test(error.message))?.[1];
  const code = fieldOf(error, 'code');
  if (known !== undefined) {
    return known;
  }
  if (code === 'ETIMEDOUT') {
    return 'no_answer';
  }
  return typeof code === 'string' && NETWORK.test(code) ? 'unreachable' : null;
}

/** The error of the node that a cluster client asked last. */
function innermost(error: Error): Error | null {
  const last = fieldOf(error, 'lastNodeError');
  return types.isNativeError(last) ? last : null;
}

function nodeOf(error: Error): string | null {
  const moved = /^MOVED \d+ (\S+)/.exec(error.message)?.[1];
  if (moved !== undefined) {
    return moved;
  }
  const inner = innermost(error);
  if (inner !== null) {
    return nodeOf(inner);
  }
  const [address, port] = [fieldOf(error, 'address') ?? fieldOf(error, 'hostname'), fieldOf(error, 'port')];
  return typeof address === 'string' ? `${address}${typeof port === 'number' ? `:${port}` : ''}` : null;
}

function commandOf(error: Error): string | null {
  const command = fieldOf(error, 'command');
  const name = typeof command === 'object' && command !== null ? fieldOf(command, 'name') : null;
  return typeof name === 'string' ? name : null;
}

function fieldOf(error: object, name: string): unknown {
  return (error as Record<string, unknown>)[name];
}

/** `host:port` of each URL of `REDIS_URL`, with commas in between: without user and password. */
export function redisHosts(redisUrl: string): string {
  return redisUrl
    .split(',')
    .map((url) => new URL(url.trim()))
    .map(({ hostname, port }) => `${hostname || '127.0.0.1'}:${port || '6379'}`)
    .join(',');
}
