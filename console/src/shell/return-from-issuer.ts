/** Ends a sign-in when the issuer has led the browser back. */
import { signIn, signOut } from '../calls/credential.ts';
import { fetchSettings } from '../calls/settings.ts';

const RETURN_PATH = `${import.meta.env.BASE_URL}signed-in`;

let problem = '';

/** Why the last sign-in failed; empty: it did not. */
export function signInProblem(): string {
  return problem;
}

/** Before the first screen is drawn, so that no call goes without the token. */
export async function returnFromIssuer(): Promise<void> {
  if (window.location.pathname !== RETURN_PATH) {
    return;
  }
  try {
    const { signIn: settings } = await fetchSettings();
    if (!settings) {
      throw new Error('This server has no issuer to sign in at.');
    }
    const { finishSignIn } = await import('./oidc.ts');
    const { token, returnTo } = await finishSignIn(settings);
    signIn(token);
    window.history.replaceState(null, '', returnTo);
  } catch (error) {
    problem = error instanceof Error ? error.message : `${error}`;
    signOut();
    window.history.replaceState(null, '', import.meta.env.BASE_URL);
  }
}
