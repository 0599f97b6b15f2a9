import { RevocableVerifier } from './revocable-verifier.js';
import { Revocations } from './revocations.js';
import { OpenVerifier } from './token-verifier.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a verifier that knows revocations', () => {
  it('A10: takes no token before the list was read', async () => {
    const revocations = new Revocations();
    let becomeKnown = (): void => undefined;
    const known = new Promise<void>((resolve) => (becomeKnown = resolve));
    const outcome = jest.fn();
    const verifier = new RevocableVerifier(new OpenVerifier(), { revocations, list: { known, isKnown: false } });
    const verified = verifier.verify('token').then(
      () => outcome('taken'),
      () => outcome('refused'),
    );
    await turn();
    expect(outcome).not.toHaveBeenCalled();
    revocations.merge([{ id: 'r', case_ids: ['A1'], at: 1, until: 2, by: 'ops' }]);
    becomeKnown();
    await verified;
    expect(outcome).toHaveBeenCalledWith('taken');
    expect((await verifier.verify('token')).mayRead('A1')).toBe(false);
  });

  it('A10: recognizes no token before that either, and none that was revoked', () => {
    const revocations = new Revocations();
    const list = { known: Promise.resolve(), isKnown: false };
    const verifier = new RevocableVerifier(new OpenVerifier(), { revocations, list });
    expect(verifier.recognize('token')).toBeNull();
    list.isKnown = true;
    expect(verifier.recognize('token')?.mayRead('A1')).toBe(true);
    revocations.merge([{ id: 'r', case_ids: ['A1'], at: 1, until: 2, by: 'ops' }]);
    expect(verifier.recognize('token')?.mayRead('A1')).toBe(false);
    revocations.merge([{ id: 'all', at: 1, until: 2, by: 'ops' }]);
    expect(verifier.recognize('token')).toBeNull();
  });
});
