import { types } from 'node:util';

import { COMMAND_TIMEOUT_MS, NO_DATABASE } from './connection.js';
import { redisAddress } from './redis-address.js';

/** In what state Redis is, as an error of a command or a connection shows it. */
export type RedisFailureKind = keyof typeof REDIS_FAILURES;

interface RedisFailureRule {
  /** For operators: what is wrong, and what to do. */
  readonly text: string;
  /** Redis answers, and refuses: waiting alone does not help. */
  readonly isRefusal: boolean;
  /** Other states that lead to this one: after them this one is no news. */
  readonly impliedBy?: readonly string[];
}

/** The closed table of states in which Redis does not do what Pollcast needs. */
export const REDIS_FAILURES = {
  unreachable: { text: 'Redis is out of reach', isRefusal: false },
  no_answer: {
    text: 'Redis does not answer',
    isRefusal: false,
    impliedBy: ['unreachable', 'no_master', 'no_cluster', 'login_refused'],
  },
  loading: { text: 'Redis loads its file, or is busy with a script', isRefusal: false },
  login_refused: { text: 'Redis refuses the user or the password of REDIS_URL', isRefusal: true },
  denied: { text: 'Redis denies its user a command, a key or a channel (OPERATIONS.md, Rights)', isRefusal: true },
  no_command: {
    text: 'Redis lacks a command: REDIS_URL names a sentinel (write redis+sentinel://), or a Redis older than 6.2 (a cluster: than 7)',
    isRefusal: true,
  },
  no_master: { text: 'the sentinels know no master of the name in REDIS_URL', isRefusal: true },
  no_database: { text: 'Redis has no database of the number in REDIS_URL', isRefusal: true },
  moved: {
    text: 'REDIS_URL names one node of a cluster: set REDIS_CLUSTER=true, or name several nodes with commas in between',
    isRefusal: true,
  },
  no_cluster: { text: 'REDIS_URL or REDIS_CLUSTER says that Redis is a cluster, and it is none', isRefusal: true },
  layout: { text: 'Redis holds another layout of the keys', isRefusal: true },
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
  [/^-?OOM/, 'full'],
  [/^(?:LOADING|BUSY)\b/, 'loading'],
  [/^(?:MOVED|ASK|CROSSSLOT) |Script attempted to access a non local key/, 'moved'],
  [/^(?:CLUSTERDOWN|MASTERDOWN|TRYAGAIN)/, 'cluster_down'],
  [/^ERR unknown command|Unknown Redis command/i, 'no_command'],
  [NO_DATABASE, 'no_database'],
  [/cluster support disabled/, 'no_cluster'],
];

/** By the beginning of the text of ioredis, or of this library. */
const CONNECTION: readonly (readonly [RegExp, RedisFailureKind])[] = [
  [/^All sentinels are unreachable.*No such master/, 'no_master'],
  [/^All sentinels are unreachable.*(?:NOAUTH|WRONGPASS|NOPERM)/, 'login_refused'],
  [/^no node of the cluster accepts a channel: (?:ERR unknown command|Unknown Redis command)/, 'no_command'],
  [/^no node of the cluster accepts a channel: NOPERM/, 'denied'],
  [
    /^Command timed out|^Socket timeout|^Redis did not answer in time|^connect ETIMEDOUT|^no node of the cluster |^the subscribed Redis connection did not keep up/,
    'no_answer',
  ],
  [
    /^Connection is closed|^Command aborted due to connection close|^Failed to refresh slots cache|^None of startup nodes|^Stream isn't writeable|^Too many Cluster redirections|^Cluster isn't ready|^Cluster is ended|^no node of the cluster is known|^All sentinels are unreachable|^the subscribed Redis connection /,
    'unreachable',
  ],
];

/** Codes of Node's errors on the way to a host. */
const NETWORK =
  /^(?:ECONN|EPIPE|EHOST|ENET|ENOTFOUND|EAI_|EADDR|CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/;

/** Redis is not what Pollcast needs, although no command failed. The message is for operators: what is wrong, what to do. */
export class UnmetNeedError extends Error {
  override readonly name = 'UnmetNeedError';

  constructor(
    readonly kind: RedisFailureKind,
    message: string,
  ) {
    super(message);
  }
}

/**
 * What an error says of Redis; null if it says nothing: it is a fault of this program, or of another service.
 *
 * @param prefix `REDIS_PREFIX`, for the rights that a text names
 */
export function redisFailureOf(error: unknown, prefix = 'REDIS_PREFIX'): RedisFailure | null {
  if (!types.isNativeError(error)) {
    return null;
  }
  if (error instanceof UnmetNeedError) {
    const { kind, message } = error;
    return { kind, node: null, reason: message, lastedMs: 0, command: null, ...REDIS_FAILURES[kind], text: message };
  }
  const kind = kindOf(error);
  if (kind === null) {
    return null;
  }
  const reason = (innermost(error) ?? error).message.replace(ARGUMENTS, '').slice(0, REASON_MAX);
  const lastedMs = kind === 'no_answer' ? COMMAND_TIMEOUT_MS : 0;
  const command = commandOf(error);
  const failure = { kind, node: nodeOf(error), reason, command, lastedMs, ...REDIS_FAILURES[kind] };
  return kind === 'denied' ? { ...failure, text: deniedText(reason, command, prefix) } : failure;
}

/** Names the right that is missing, as `ACL SETUSER` takes it. */
function deniedText(reason: string, command: string | null, prefix: string): string {
  const denied = (what: string, right: string) =>
    `Redis denies its user ${what}: grant ${right} (OPERATIONS.md, Rights)`;
  const named = /run the '([^']+)'/.exec(reason)?.[1] ?? null;
  if (named === null && /\bchannels?\b/.test(reason)) {
    return denied('a channel', `&${prefix}:*`);
  }
  if (named === null && /\bkeys?\b/.test(reason)) {
    return denied('a key', `~${prefix}:*`);
  }
  const name = named ?? command;
  return name === null ? REDIS_FAILURES.denied.text : denied(`the command ${name}`, `+${name.toLowerCase()}`);
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

/** `host:port` of each server of `REDIS_URL`, with commas in between: without user and password. */
export function redisHosts(redisUrl: string): string {
  return redisAddress(redisUrl)
    .servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',');
}
