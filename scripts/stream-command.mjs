import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A line for a POSIX shell that shows an event stream as it arrives. It uses curl if that is on PATH, else node.
 */
export function streamCommand(url, token) {
  const authorization = `Bearer ${token}`;
  if (isOnPath('curl')) return `curl -N ${quoted(url)} -H ${quoted(`Authorization: ${authorization}`)}`;
  const request = `fetch(${JSON.stringify(url)}, ${JSON.stringify({ headers: { authorization } })})`;
  const print = 'async ({ body }) => { for await (const part of body) process.stdout.write(part); }';
  const node = isOnPath('node') ? 'node' : quoted(process.execPath);
  return `${node} -e ${quoted(`${request}.then(${print})`)}`;
}

function isOnPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Quotes a text for a shell, which changes nothing within single quotes except that a single quote ends them. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
