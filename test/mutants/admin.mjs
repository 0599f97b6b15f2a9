const admin = (file) => `apps/gateway/src/admin/${file}`;
const auth = (file) => `apps/gateway/src/auth/${file}`;
const session = (file) => `apps/gateway/src/session/${file}`;
const CONTROLLER = admin('revocations.controller.spec.ts');

/** Rights that end early, and the door of operators. */
export const operators = [
  {
    id: 'revocation-of-one-second-later',
    file: auth('revocation.ts'),
    find: 'issuedAt === null || issuedAt <= at',
    put: 'issuedAt !== null && issuedAt <= at',
    breaks: 'A10: a token that does not say when it was issued outlives the revocation of its subject.',
    killedBy: { file: auth('revocations.spec.ts'), test: 'ends a token that does not say when' },
  },
  {
    id: 'lifted-revocation-comes-back',
    file: auth('revocations.ts'),
    find: '(known.lifted_by === undefined && lifted_by !== undefined)',
    put: 'known.lifted_by !== lifted_by',
    breaks: 'A revocation that was lifted is brought back by a gateway that has not heard of it.',
    killedBy: { file: auth('revocations.spec.ts'), test: 'that is lifted gives back' },
  },
  {
    id: 'tokens-pass-before-the-list-is-read',
    file: auth('revocable-verifier.ts'),
    find: '  await list.known;\n',
    put: '',
    breaks: 'A10: a gateway that starts takes revoked tokens until it has read the list.',
    killedBy: { file: auth('revocable-verifier.spec.ts'), test: 'before the list was read' },
  },
  {
    id: 'subscribe-goes-on-with-revoked-rights',
    file: session('client-session.ts'),
    find: 'isAbandoned() || !mayGoOn()',
    put: 'isAbandoned()',
    breaks: 'Invariant 10: a subscribe that was under way delivers a ticket that was revoked meanwhile.',
    killedBy: { file: CONTROLLER, test: 'a subscribe that is under way' },
  },
  {
    id: 'renewed-rights-are-not-looked-at-again',
    file: session('connections.ts'),
    find: '  authenticated(session: ClientSession): void {\n    this.recheck(session);',
    put: '  authenticated(_session: ClientSession): void {',
    breaks: 'A10: a token that is revoked while a connection is renewed with it counts until it expires.',
    killedBy: { file: session('connections.spec.ts'), test: 'A10: is revoked with a token' },
  },
  {
    id: 'admin-is-there-without-a-token',
    file: admin('admin-gate.ts'),
    find: 'if (!callers.isOpen) {',
    put: 'if (callers.isOpen && false) {',
    breaks: '/admin shows that it is there, while nobody may use it.',
    killedBy: { file: CONTROLLER, test: 'it looks like any unknown path' },
  },
  {
    id: 'mistyped-member-revokes-everything',
    file: admin('revocations.controller.ts'),
    find: 'this.reader.readClosed(RevocationDto, body)',
    put: 'this.reader.read(RevocationDto, body)',
    breaks: 'A revocation with `case_id` in place of `case_ids` ends all rights of a subject.',
    killedBy: { file: CONTROLLER, test: 'a mistyped member' },
  },
];
