import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const BYTES = 16;

/**
 * A name for credentials, under which the store keeps their refusals. Who can read the store must not find out the secret.
 * So the function is slow on purpose (about 50 ms and 16 MB, once per process), and the owner of the secret is its salt.
 */
export async function credentialsDigest(secret: readonly string[], owner: readonly string[]): Promise<string> {
  const salt = JSON.stringify(['pollcast', ...owner]);
  const digest = await promisify<string, string, number, Buffer>(scrypt)(JSON.stringify(secret), salt, BYTES);
  return digest.toString('base64url');
}
