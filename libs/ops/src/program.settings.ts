import { LANGUAGE_PATTERN, UPSTREAM_CASE_IDS_MAX } from '#core';
import { isKeyPair, isRedisUrl, isSentinelUrl, isTlsUrl, TlsFile } from './redis-rules.js';
import { Accepted, Holds, isUrl, OneOf, ProxyUrl, Text, Whole } from './settings-rules.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One hour and one day: upper limits of spans in milliseconds. A larger value is most likely a wrong unit. */
export const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** `GMT`, `UTC`, or one of them with an offset up to 14 hours: `GMT+8`, `GMT+08:00`, `UTC-3:30`. */
const TIME_ZONE = /^(?:GMT|UTC)(?:[+-](?:(?:0?\d|1[0-3])(?::[0-5]\d)?|14(?::00)?))?$/;

type TlsSetting = 'redisTlsCaFile' | 'redisTlsCertFile' | 'redisTlsKeyFile';

/** @param name of the setting */
const ForTls = (name: TlsSetting) =>
  Holds<SharedSettings>(
    'is for a REDIS_URL that begins with rediss:// or rediss+sentinel://',
    (settings) => settings[name] === '' || isTlsUrl(settings.redisUrl),
  );

/** Settings of every program. */
export abstract class ProgramSettings {
  /** Address to listen on. */
  @Text(/^[^\s/,]{1,255}$/, 'a host name or an IP address')
  readonly host: string = '0.0.0.0';

  /** Port to listen on; 0 takes any free one. */
  @Whole('port', 0, 65_535)
  abstract readonly port: number;

  @OneOf(LOG_LEVELS)
  readonly logLevel: LogLevel = 'info';

  readonly nodeEnv: string = 'development';
}

/** Settings that gateways and workers share. All processes of a deployment must have the same values. */
export abstract class SharedSettings extends ProgramSettings {
  /** One URL; several with commas between them for a Redis Cluster; or that of sentinels. May contain a password. */
  @Accepted(
    'one redis:// or rediss:// URL, several with commas in between for a cluster, or redis+sentinel://host,host/master/database',
    isRedisUrl,
  )
  readonly redisUrl: string = 'redis://127.0.0.1:6379';

  /** `true`: the one URL of REDIS_URL is any node of a cluster, or its configuration endpoint. */
  @OneOf(['true', 'false'])
  @Holds<SharedSettings>(
    'must not be true where REDIS_URL is that of sentinels: a cluster has none',
    ({ redisUrl, redisCluster }) => redisCluster !== 'true' || !isSentinelUrl(redisUrl),
  )
  @Holds<SharedSettings>(
    'must not be true where REDIS_URL names a database: a cluster has database 0 only',
    ({ redisUrl, redisCluster }) => redisCluster !== 'true' || !/\/[1-9]\d*$/.test(redisUrl),
  )
  readonly redisCluster: 'true' | 'false' = 'false';

  /** Of the sentinels, where they want them. Those in REDIS_URL are of Redis. */
  readonly redisSentinelUsername: string = '';

  @Holds<SharedSettings>(
    'is for a REDIS_URL that begins with redis+sentinel:// or rediss+sentinel://',
    ({ redisUrl, redisSentinelUsername: user, redisSentinelPassword: password }) =>
      `${user}${password}` === '' || isSentinelUrl(redisUrl),
  )
  readonly redisSentinelPassword: string = '';

  /** PEM file with the authorities that the certificate of Redis is checked with, in place of those of Node. */
  @TlsFile()
  @ForTls('redisTlsCaFile')
  readonly redisTlsCaFile: string = '';

  /** PEM file with the certificate that this client shows to Redis. */
  @TlsFile()
  @ForTls('redisTlsCertFile')
  @Holds<SharedSettings>(
    'and REDIS_TLS_KEY_FILE must be set together',
    ({ redisTlsCertFile, redisTlsKeyFile }) => (redisTlsCertFile === '') === (redisTlsKeyFile === ''),
  )
  @Holds<SharedSettings>(
    'and REDIS_TLS_KEY_FILE must be a certificate in PEM and its private key',
    ({ redisTlsCertFile, redisTlsKeyFile }) => isKeyPair(redisTlsCertFile, redisTlsKeyFile),
  )
  readonly redisTlsCertFile: string = '';

  /** PEM file with the key of that certificate. */
  @TlsFile()
  @ForTls('redisTlsKeyFile')
  readonly redisTlsKeyFile: string = '';

  /** The proxy for requests to `https:` URLs: the upstream, IAM, published keys. May hold a password. */
  @ProxyUrl()
  readonly httpsProxy: string = '';

  /** The proxy for requests to `http:` URLs. May hold a password. */
  @ProxyUrl()
  readonly httpProxy: string = '';

  /** Hosts that are reached without a proxy, separated by commas: `localhost,.example.com,10.0.0.1:8080`; `*` is all. */
  readonly noProxy: string = '';

  /** Prefix of every key. Braces are refused: they would replace the hash tag of a feed. */
  @Text(/^[A-Za-z0-9_.:-]{1,64}$/, '1 to 64 letters, digits or _ . : -')
  readonly redisPrefix: string = 'pollcast';

  /** `X-Language` for subscriptions that name no language. */
  @Text(LANGUAGE_PATTERN, 'a language tag such as zh-cn or en-us')
  readonly upstreamLanguage: string = 'zh-cn';

  /** Time zone of `create_time`, and `X-Time-Zone` of each request. */
  @Text(TIME_ZONE, 'an offset such as GMT, GMT+8, GMT+08:00 or UTC-3:30')
  readonly upstreamTimeZone: string = 'GMT+8';

  /** `X-Site`: 0 China, 1 international; empty: not sent. */
  @OneOf(['', '0', '1'])
  readonly upstreamSite: '' | '0' | '1' = '';

  /** Limit of one request, headers and body, ms. */
  @Whole('milliseconds', 10, 600_000)
  readonly upstreamTimeoutMs: number = 5000;

  /** Largest answer that is read, bytes after decompression. The default has room for 100 tickets with 250 long messages. */
  @Whole('bytes', 1024, 1_073_741_824)
  readonly upstreamMaxBodyBytes: number = 16_777_216;

  /** Largest number of tickets in a set. The upstream accepts 100 at most. */
  @Whole('case ids', 1, UPSTREAM_CASE_IDS_MAX)
  readonly upstreamMaxCaseIds: number = UPSTREAM_CASE_IDS_MAX;

  /** Interval between two polls of an active set, ms. */
  @Whole('milliseconds', 10, HOUR_MS)
  readonly pollIntervalMs: number = 1000;

  /** How long a ticket is polled after its last subscriber left, ms. */
  @Whole('milliseconds', 0, DAY_MS)
  readonly subscriptionLingerMs: number = 30_000;

  /** Where traces are sent by OTLP over HTTP; empty: there are none. OpenTelemetry reads further variables of its own. */
  @Accepted('an http:// or https:// URL', (text) => text === '' || isUrl(text, ['http:', 'https:']))
  readonly otelExporterOtlpEndpoint: string = '';

  /** How they are encoded. */
  @OneOf(['http/protobuf', 'http/json'])
  readonly otelExporterOtlpProtocol: 'http/protobuf' | 'http/json' = 'http/protobuf';

  /** Events per ticket that history keeps. */
  @Whole('events', 1, 100_000)
  readonly historyMaxEvents: number = 1000;

  /** How long history keeps events, s. One year at most. */
  @Whole('seconds', 1, 31_536_000)
  readonly historyTtlS: number = 86_400;
}
