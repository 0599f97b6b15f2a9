/**
 * Changes by Stryker that no test can notice, or none should: `was` is the text in the file, `is` what Stryker puts in its
 * place. `npm run test:stryker` fails where one of them is noticed after all, or is no longer in the file.
 *
 * @type {readonly { file: string, was: string, is: string, why: string }[]}
 */
export const explained = [
  {
    file: 'libs/core/src/fan-out/recovery.ts',
    was: "request.from.kind === 'position'",
    is: 'true',
    why: 'Only a position has isProven. The comparison is for the types.',
  },
];
