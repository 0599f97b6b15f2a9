import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ApiError, errorBody, invalidParameter, noPermission, sendText } from '../api-error.js';
import { type Faults } from '../faults/faults.js';
import { type FaultTarget } from '../faults/fault.js';
import { misbehave } from '../faults/misbehave.js';
import { type Gate } from '../identity/gate.js';
import { type Tokens } from '../identity/tokens.js';
import { type Quirks } from '../quirks.js';
import { type Traffic } from '../traffic/traffic.js';
import { type WallClock, WallClocks } from './wall-clock.js';

const DEFAULT_TIME_ZONE = 'GMT+8';

export interface CaseEndpointParts {
  readonly gate: Gate;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly quirks: Quirks;
  readonly traffic: Traffic;
}

/** What a request asks for, parsed. */
export interface Asked {
  readonly caseIds: readonly string[];
  /** Writes the right answer, when the latency is over. */
  readonly write: (zone: WallClock) => string;
}

/** One endpoint besides the poll: checks in the order of the upstream, faults, latency, and the answer. */
export class CaseEndpoint {
  private readonly zones = new WallClocks();

  /** @param target also the name under which requests are counted */
  constructor(
    private readonly target: Exclude<FaultTarget, 'messages' | 'iam'>,
    private readonly parts: CaseEndpointParts,
    private readonly read: (url: URL) => Asked | ApiError,
  ) {}

  handle(req: IncomingMessage, res: ServerResponse): void {
    const { gate, tokens, faults, quirks, traffic } = this.parts;
    const requestId = randomUUID();
    const refuse = (error: ApiError): void => sendText(res, error.status, errorBody(error, requestId));
    res.setHeader('X-Request-Id', requestId);
    traffic.beginOther(this.target, res);
    const refusal = gate.refusal(req);
    if (refusal) return refuse(refusal);
    const asked = this.read(new URL(req.url ?? '', 'http://simulator'));
    if ('code' in asked) return refuse(asked);
    const zone = this.zones.get(headerOf(req, 'x-time-zone') ?? DEFAULT_TIME_ZONE);
    if (!zone) return refuse(invalidParameter('X-Time-Zone'));
    if (!tokens.mayRead(headerOf(req, 'x-auth-token'), asked.caseIds)) return refuse(noPermission(403));
    const fault = faults.take(this.target, asked.caseIds);
    const respond = (): void => {
      const body = () => asked.write(zone);
      if (fault) misbehave(fault, res, requestId, () => ({ status: 200, headers: {}, body: body() }));
      else sendText(res, 200, body());
    };
    const timer = setTimeout(respond, quirks.draw(quirks.current.latency_ms));
    res.once('close', () => clearTimeout(timer));
  }
}

function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
