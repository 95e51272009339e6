/** Asks who calls when the server refuses calls without a token: by OpenID Connect, or by a pasted token. */
import { type FormEvent, useState } from 'react';
import { signIn, useCredential } from '../calls/credential.ts';
import { type Settings, useSettings } from '../calls/settings.ts';
import { queryClient } from '../calls/transport.ts';
import { Title } from '../parts/title.tsx';
import { signInProblem } from './return-from-issuer.ts';

export function SignIn() {
  const { token: refused } = useCredential();
  const settings = useSettings();
  return (
    <div className="sign-in panel">
      <Title>Sign in</Title>
      <h1>Sign in</h1>
      <p>This server answers callers with a token only. It is kept in this page's memory and nowhere else.</p>
      {refused !== '' && (
        <p className="bad" role="alert">
          The server does not accept this token: it may have expired.
        </p>
      )}
      {settings?.signIn ? (
        <>
          <IssuerButton settings={settings.signIn} />
          <details>
            <summary>With a token</summary>
            <TokenForm />
          </details>
        </>
      ) : (
        <TokenForm />
      )}
    </div>
  );
}

function IssuerButton({ settings }: { settings: NonNullable<Settings['signIn']> }) {
  const [problem, setProblem] = useState(signInProblem);
  const [isLeaving, setIsLeaving] = useState(false);

  async function leave(): Promise<void> {
    setIsLeaving(true);
    setProblem('');
    try {
      const { beginSignIn } = await import('./oidc.ts');
      await beginSignIn(settings);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : `${error}`);
      setIsLeaving(false);
    }
  }
  return (
    <>
      {problem && (
        <p className="bad" role="alert">
          Signing in failed: {problem}
        </p>
      )}
      <button type="button" className="primary" disabled={isLeaving} onClick={leave}>
        Sign in at {new URL(settings.issuer).host}
      </button>
    </>
  );
}

function TokenForm() {
  const [token, setToken] = useState('');

  function submit(event: FormEvent): void {
    event.preventDefault();
    queryClient.clear();
    signIn(token.trim().replace(/^Bearer\s+/i, ''));
  }
  return (
    <form onSubmit={submit} className="token-form">
      <label>
        Bearer token
        <textarea
          value={token}
          onChange={(event) => setToken(event.target.value)}
          rows={5}
          spellCheck={false}
          autoComplete="off"
          required
        />
      </label>
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}
