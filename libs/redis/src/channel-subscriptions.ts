import { COMMAND_TIMEOUT_MS, type RedisClient } from './connection.js';

export interface SubscriptionsListener {
  received(channel: string, text: string): void;
  /** Something may have been published that was not received. */
  interrupted(): void;
  failed(error: Error): void;
}

/** The channels that a gateway is subscribed to: on one server, or on the nodes of a cluster. */
export interface ChannelSubscriptions {
  /** @throws when Redis does not confirm in time */
  add(channels: readonly string[]): Promise<void>;
  remove(channels: readonly string[]): Promise<void>;
  /**
   * Resolves once Redis counts this process on these channels, and on all others whose order with them matters.
   * @throws if that is not so in time
   */
  whole(channels: readonly string[]): Promise<void>;
  /** Ends the checks and the connections that were opened here. */
  stop(): void;
}

/** Time between two checks of a subscribed connection, ms. Without them a dead connection looks like a silent one. */
export const CHECK_EVERY_MS = 3000;

/** How many channels one command names. */
const COMMAND_CHANNELS = 1000;

/** All parts are sent at once: if a channel is removed and added again, Redis must get the commands in that order. */
export function parts(channels: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(channels.length / COMMAND_CHANNELS) }, (_, part) =>
    channels.slice(part * COMMAND_CHANNELS, (part + 1) * COMMAND_CHANNELS),
  );
}

/** @param late says why, once it is late. @param withinMs then it is late */
export async function inTime<T>(
  answer: Promise<T>,
  late = () => 'Redis did not answer in time',
  withinMs = COMMAND_TIMEOUT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late())), withinMs);
  });
  try {
    return await Promise.race([answer, lateness]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Hears one channel of a connection that is kept subscribed. Called again, it changes nothing.
 *
 * @throws what Redis answers: nothing is heard then
 */
export async function subscribed(
  subscriber: RedisClient,
  channel: string,
  hear: (channel: string, text: string) => void,
): Promise<void> {
  subscriber.off('message', hear);
  subscriber.on('message', hear);
  try {
    await subscriber.subscribe(channel);
  } catch (error) {
    subscriber.off('message', hear);
    throw error;
  }
}
