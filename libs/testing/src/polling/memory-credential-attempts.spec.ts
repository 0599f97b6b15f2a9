import { describeCredentialAttempts } from './credential-attempts.contract.js';
import { MemoryCredentialAttempts } from './memory-credential-attempts.js';

describeCredentialAttempts('The memory', async (kind) => {
  const attempts = new MemoryCredentialAttempts(kind);
  return [attempts, attempts];
});
