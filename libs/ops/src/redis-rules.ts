import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { isUrl, items } from './settings-rules.js';
import { ValidateBy } from 'class-validator';

/** A comma stands between hosts only: the log hides what stands before an `@`, host by host. */
const SENTINEL_URL = /^rediss?\+sentinel:\/\/(?:[^@/,\s]*@)?[^@/?#\s,]+(?:,[^@/?#\s,]+)*\/[^/?#\s]+(?:\/\d+)?$/;
const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?$/;

/** What `REDIS_URL` may be. */
export function isRedisUrl(text: string): boolean {
  if (isSentinelUrl(text)) {
    const [hosts = ''] = text.replace(/^[a-z+]+:\/\/(?:[^@]*@)?/, '').split('/');
    return SENTINEL_URL.test(text) && hosts.split(',').every((host) => HOST_AND_PORT.test(host));
  }
  const urls = items(text);
  return urls.length > 0 && urls.every((url) => isUrl(url, ['redis:', 'rediss:']));
}

export function isSentinelUrl(text: string): boolean {
  return /^rediss?\+sentinel:/.test(text);
}

export function isTlsUrl(text: string): boolean {
  return items(text).some((url) => /^rediss[:+]/.test(url));
}

/** A PEM file that can be read, or none. The message says why it cannot. */
export function TlsFile(): PropertyDecorator {
  return ValidateBy({
    name: 'tlsFile',
    validator: {
      validate: (value) => value === '' || faultOf(value) === null,
      defaultMessage: (args) => String(faultOf(args?.value)),
    },
  });
}

/** Without both files it is true: other rules tell of that. */
export function isKeyPair(certFile: string, keyFile: string): boolean {
  if ([certFile, keyFile].some((file) => file === '' || faultOf(file) !== null)) {
    return true;
  }
  try {
    const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a file; null: nothing. */
function faultOf(file: unknown): string | null {
  let text: string;
  try {
    text = readFileSync(String(file), 'utf8');
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    return `names a file that cannot be read (${code})`;
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return null;
  }
  try {
    new X509Certificate(text);
    return null;
  } catch {
    return 'names a file that holds no certificate and no key in PEM';
  }
}
