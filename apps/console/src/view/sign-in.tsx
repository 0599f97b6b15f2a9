import { useState } from 'preact/hooks';
import type { SecretName } from '../model/secrets.js';
import { useTexts } from '../text/index.js';

export interface SignInProps {
  readonly name: SecretName;
  /** What went wrong with the last one. */
  readonly problem?: string;
  readonly onSecret: (value: string) => void;
}

export function SignIn({ name, problem, onSecret }: SignInProps) {
  const { signIn: texts, productLine } = useTexts();
  const [value, setValue] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (value.trim() !== '') onSecret(value.trim());
  };
  return (
    <main id="main" class="sign-in">
      <form class="card" onSubmit={submit}>
        <p class="product-line">{productLine}</p>
        <h1>{texts.title}</h1>
        <p>{name === 'token' ? texts.lead : texts.leadOps}</p>
        {problem !== undefined && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
        <label for="secret">{name === 'token' ? texts.token : texts.admin}</label>
        <input
          id="secret"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          {texts.go}
        </button>
        <p class="hint">{texts.demo}</p>
      </form>
    </main>
  );
}
