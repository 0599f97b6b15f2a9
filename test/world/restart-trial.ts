import { tokenFor } from '../harness/clients/tokens.js';
import { CONFIDENTIAL } from '../harness/log-faults.js';
import { NetworkLink } from '../harness/network-link.js';
import type { Deployment } from '../harness/processes/deployment.js';
import { account } from '../harness/upstream/account.js';
import type { Posted } from '../harness/upstream/simulator-control.js';
import { freshTickets, postTraffic } from '../harness/upstream/traffic.js';
import { until } from '../harness/until.js';
import { ClientProgram, type Command, type RealClient } from './client-program.js';

export interface Verdict {
  readonly client: string;
  /** What went wrong, one sentence each; empty if nothing did. */
  readonly faults: readonly string[];
  /** How many messages it got. */
  readonly received: number;
  /** From the end of its connection to the next `ready`, ms. Infinite if none came. */
  readonly resumedMs: { readonly SIGTERM: number; readonly SIGKILL: number };
}

export interface RestartTrial extends Command {
  /** The names of all clients that the program runs. */
  readonly clients: readonly string[];
  /** Those whose library handles each event in a thread of its own: their order proves nothing. */
  readonly unordered?: readonly string[];
  /** Longest time from the end of a connection to the next `ready`, ms. */
  readonly resumeMs: number;
}

/** Longest start of a program, until all of its clients are live, ms. Java and Python load for a while. */
const START_MS = 30_000;
/** How long the upstream says something new, from before the first restart to after the second, ms. */
const TRAFFIC_MS = 7000;
export const MESSAGES = 140;
/** Longest wait for clients that are late, ms: how late they are is told. */
const PATIENCE_MS = 12_000;
/** Longest delivery of the last message, ms. */
const DELIVERY_MS = 5000;

/**
 * What a rolling update and a crash do to real clients: they are live at the first of two gateways behind a balancer, it gets
 * SIGTERM, they come back to the second, it gets SIGKILL, and they come back to the first. Meanwhile messages are posted.
 *
 * @param deployment two gateways that run
 */
export async function restartTrial(deployment: Deployment, trial: RestartTrial): Promise<readonly Verdict[]> {
  const { upstream } = deployment;
  const [first, second] = [deployment.gateway(0), deployment.gateway(1)];
  const balancer = await NetworkLink.to(first.port);
  const tickets = freshTickets(2, 'world');
  const token = await tokenFor();
  const badToken = await tokenFor({ secret: 'another secret than that of the gateway' });
  const program = new ClientProgram(trial, [`http://127.0.0.1:${balancer.port}`, token, badToken, ...tickets]);
  const clients = trial.clients.map((name) => program.client(name));
  const all = (done: (client: RealClient) => boolean, timeoutMs: number) =>
    until(() => clients.every(done) || !program.isRunning, timeoutMs, 'late clients').catch(() => undefined);
  try {
    await all((client) => client.readyAfter(0) !== undefined && client.refusal !== null, START_MS);
    if (!program.isRunning) throw new Error(`the program ended by itself:\n${program.tail}`);

    const traffic = postTraffic(upstream, { caseIds: tickets, messages: MESSAGES, overMs: TRAFFIC_MS });
    balancer.lead(second.port);
    const stoppedAt = Date.now();
    const restarted = first.stop().then(() => first.start());
    await all((client) => client.readyAfter(lostAt(client, stoppedAt)) !== undefined, PATIENCE_MS);
    await restarted;

    balancer.lead(first.port);
    const killedAt = Date.now();
    await second.kill();
    await all((client) => client.readyAfter(killedAt) !== undefined, PATIENCE_MS);
    await traffic;

    const posted = await upstream.ledger(tickets);
    await all(({ recording }) => recording.messages.length >= posted.length, DELIVERY_MS);
    return clients.map((client) => verdictOf(client, { stoppedAt, killedAt, posted, trial }));
  } finally {
    await program.kill();
    await balancer.dispose();
  }
}

interface Events {
  /** When the gateways got their signals, ms since 1970. */
  readonly stoppedAt: number;
  readonly killedAt: number;
  readonly posted: readonly Posted[];
  readonly trial: Pick<RestartTrial, 'resumeMs' | 'unordered'>;
}

/** The judgement of one client. */
export function verdictOf(client: RealClient, { stoppedAt, killedAt, posted, trial }: Events): Verdict {
  const resumedMs = { SIGTERM: resumed(client, lostAt(client, stoppedAt)), SIGKILL: resumed(client, killedAt) };
  const late = Object.entries(resumedMs).flatMap(([signal, ms]) =>
    ms > trial.resumeMs ? [`came back ${ms} ms after ${signal}`] : [],
  );
  return {
    client: client.name,
    faults: [
      ...client.faults,
      ...refusalFaults(client),
      ...late,
      ...positionFaults(client),
      ...losses(client, posted, trial),
    ],
    received: client.recording.messages.length,
    resumedMs,
  };
}

/** When the client lost its connection to a gateway that was stopped: at `closing`. Long polling may not hear it. */
function lostAt({ recording }: RealClient, stoppedAt: number): number {
  return recording.of('closing').find(({ at }) => at >= stoppedAt)?.at ?? stoppedAt;
}

function resumed(client: RealClient, lost: number): number {
  return (client.readyAfter(lost) ?? Infinity) - lost;
}

function refusalFaults({ refusal }: RealClient): string[] {
  if (refusal === null) return ['heard no refusal of the bad token'];
  return /401|unauthorized/i.test(refusal) ? [] : [`was refused with ${refusal}`];
}

/** Each `ready` but the first goes on from a position, and says so. */
function positionFaults({ recording }: RealClient): string[] {
  return recording
    .of('ready')
    .flatMap(({ data: { recovered } }, at) => (recovered === at > 0 ? [] : [`ready ${at} has recovered ${recovered}`]));
}

function losses(
  { name, recording }: RealClient,
  posted: readonly Posted[],
  { unordered = [] }: Events['trial'],
): string[] {
  const { lost, doubled, gaps, ...order } = account(posted, recording);
  const disordered = unordered.includes(name) ? [] : order.disordered;
  return Object.entries({ lost, doubled, disordered, gaps }).flatMap(([what, which]) =>
    which.length > 0 ? [`${what}: ${which.join(', ').replaceAll(CONFIDENTIAL, '…')}`] : [],
  );
}
