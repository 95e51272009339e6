/** Asks for a token when the server refuses calls without one. */
import { type FormEvent, useState } from 'react';
import { signIn, useCredential } from '../calls/credential.ts';
import { queryClient } from '../calls/transport.ts';

export function SignIn() {
  const [token, setToken] = useState('');
  const { token: refused } = useCredential();

  function submit(event: FormEvent): void {
    event.preventDefault();
    queryClient.clear();
    signIn(token.trim().replace(/^Bearer\s+/i, ''));
  }
  return (
    <form className="sign-in panel" onSubmit={submit}>
      <h1>Sign in</h1>
      <p>This server answers callers with a token only. It is kept in this page's memory and nowhere else.</p>
      {refused !== '' && (
        <p className="bad" role="alert">
          The server does not accept this token: it may have expired.
        </p>
      )}
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
