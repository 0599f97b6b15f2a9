/**
 * The load client finds a message in the bytes of any transport by the beginning of its content: `"#`, the message's
 * number within its ticket in eight digits, and a blank.
 */
export const MARK = Buffer.from('"#');
const DIGITS = 8;
export const MARK_LENGTH = MARK.length + DIGITS;
/** Filling that makes an event of about 350 bytes. */
const FILLING = ' lorem ipsum dolor sit amet, consetetur sadipscing elitr';

/** The content of the n-th message of a ticket. */
export function content(n: number): string {
  return `#${String(n).padStart(DIGITS, '0')}${FILLING}`;
}

/** The number in a content that {@link content} made. */
export const numberOf = (text: string) => Number(text.slice(1, 1 + DIGITS));

/** The number behind the mark at `at`. */
export function numberAt(bytes: Buffer, at: number): number {
  let number = 0;
  for (let i = at + MARK.length; i < at + MARK_LENGTH; i += 1) {
    number = number * 10 + (bytes[i] ?? 48) - 48;
  }
  return number;
}
