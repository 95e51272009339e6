/**
 * Signs in by OpenID Connect: the authorization code flow with PKCE. The token stays in the memory of the page; while
 * the browser is at the issuer, what proves that this page asked is in the session storage.
 */
import * as oauth from 'oauth4webapi';
import type { Settings } from '../calls/settings.ts';

type SignInSettings = NonNullable<Settings['signIn']>;

interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Where the person was. */
  readonly returnTo: string;
}

const PENDING = 'sign-in';
/** The issuer has to know this address of the console. */
const REDIRECT_URI = `${window.location.origin}${import.meta.env.BASE_URL}signed-in`;

/** Leads the browser to the issuer. */
export async function beginSignIn({ issuer, clientId }: SignInSettings): Promise<void> {
  const { authorization_endpoint: endpoint } = await discover(issuer);
  if (!endpoint) {
    throw new Error('The issuer names no authorization endpoint.');
  }
  const pending: Pending = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    codeVerifier: oauth.generateRandomCodeVerifier(),
    returnTo: window.location.pathname + window.location.search,
  };
  const url = new URL(endpoint);
  const parameters = {
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  window.location.assign(url);
}

/** Reads the issuer's answer in the address of the page, and exchanges its code for a token of the API. */
export async function finishSignIn({
  issuer,
  clientId,
}: SignInSettings): Promise<{ token: string; returnTo: string }> {
  const stored = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  if (!stored) {
    throw new Error('This page did not ask to sign in.');
  }
  const { state, nonce, codeVerifier, returnTo }: Pending = JSON.parse(stored);
  const server = await discover(issuer);
  const client = { client_id: clientId };
  const answer = oauth.validateAuthResponse(server, client, new URL(window.location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(
    ...([server, client, oauth.None(), answer, REDIRECT_URI, codeVerifier] as const),
    insecurely(issuer),
  );
  const { access_token: token } = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return { token, returnTo };
}

async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecurely(issuer)));
}

/** Without TLS only where the operator has configured such an issuer. */
function insecurely(issuer: string) {
  return { [oauth.allowInsecureRequests]: issuer.startsWith('http:') };
}
