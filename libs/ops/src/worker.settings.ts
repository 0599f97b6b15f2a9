import { HOUR_MS, SharedSettings } from './program.settings.js';
import { BaseUrl, Holds, OneOf, Text, When, Whole } from './settings-rules.js';

const UPSTREAM_AUTHS = ['token', 'iam', 'aksk'] as const;

/** The value of a header: visible ASCII. This also excludes line breaks. */
const HEADER_TEXT = /^[\x21-\x7e]{1,5000}$/;
/** An id of the cloud, or none. */
const ID = /^[\x21-\x7e]{0,64}$/;
const ANY_TEXT = /^.{1,512}$/su;

const byToken = When<WorkerSettings>((settings) => settings.upstreamAuth === 'token');
const byIam = When<WorkerSettings>((settings) => settings.upstreamAuth === 'iam');
const bySignature = When<WorkerSettings>((settings) => settings.upstreamAuth === 'aksk');

/** Settings of a worker. A text that is not set is empty. */
export class WorkerSettings extends SharedSettings {
  override readonly port: number = 3001;

  /** Scheme, host and, if the API has one, a path. */
  @BaseUrl()
  readonly upstreamBaseUrl: string = '';

  @OneOf(UPSTREAM_AUTHS)
  readonly upstreamAuth: (typeof UPSTREAM_AUTHS)[number] = 'token';

  /** For `UPSTREAM_AUTH=token`; sent as `X-Auth-Token`. */
  @byToken
  @Text(HEADER_TEXT, 'a token of 1 to 5000 visible characters, as UPSTREAM_AUTH=token needs it')
  readonly upstreamToken: string = '';

  /** The IAM settings are for `UPSTREAM_AUTH=iam`. */
  @byIam
  @BaseUrl(', as UPSTREAM_AUTH=iam needs it')
  readonly iamBaseUrl: string = '';

  @byIam
  @Text(ANY_TEXT, 'the name of an IAM user, as UPSTREAM_AUTH=iam needs it')
  readonly iamUsername: string = '';

  @byIam
  @Text(ANY_TEXT, 'the password of that user, as UPSTREAM_AUTH=iam needs it')
  readonly iamPassword: string = '';

  @byIam
  @Text(ANY_TEXT, 'the name of the account that the user belongs to, as UPSTREAM_AUTH=iam needs it')
  readonly iamDomain: string = '';

  /** Name of a project to scope the token to; empty: the token is for the whole domain. */
  readonly iamProject: string = '';

  /** The keys are for `UPSTREAM_AUTH=aksk`. */
  @bySignature
  @Text(HEADER_TEXT, 'an access key, as UPSTREAM_AUTH=aksk needs it')
  readonly upstreamAccessKey: string = '';

  @bySignature
  @Text(HEADER_TEXT, 'a secret key, as UPSTREAM_AUTH=aksk needs it')
  readonly upstreamSecretKey: string = '';

  /** Sent and signed with a temporary access key; empty: the key is permanent. */
  @bySignature
  @Text(/^[\x21-\x7e]{0,5000}$/, 'the security token of a temporary key, up to 5000 visible characters')
  readonly upstreamSecurityToken: string = '';

  /** `X-Domain-Id`, signed: the account's id, which the official SDKs send to global services; empty: not sent. */
  @bySignature
  @Text(ID, 'the id of an account, up to 64 visible characters')
  readonly upstreamDomainId: string = '';

  /** `X-Project-Id`, signed: the project's id; empty: not sent. */
  @bySignature
  @Text(ID, 'the id of a project, up to 64 visible characters')
  readonly upstreamProjectId: string = '';

  /** `trim_osm_rich_text_label`: whether the upstream removes the labels of rich text; empty: not sent. */
  @OneOf(['', 'true', 'false'])
  readonly upstreamTrimRichText: '' | 'true' | 'false' = '';

  /** Quota of all workers together; 0: no limit. */
  @Whole('requests per second', 0, 100_000)
  readonly upstreamMaxRps: number = 0;

  /** Longest interval between two polls of an idle set, ms. */
  @Whole('milliseconds', 10, HOUR_MS)
  @Holds<WorkerSettings>(
    'must be no less than POLL_INTERVAL_MS',
    ({ pollIntervalMs, pollIntervalMaxMs }) => pollIntervalMaxMs >= pollIntervalMs,
  )
  readonly pollIntervalMaxMs: number = 5000;

  /** How late a message may become visible, ms: each poll looks back that far. */
  @Whole('milliseconds', 0, HOUR_MS)
  readonly pollOverlapMs: number = 2000;

  /** Largest number of polls that are in flight at once in this process. */
  @Whole('polls', 1, 10_000)
  readonly workerConcurrency: number = 200;
}
